-- Raises what is wrong with a definition: the first error as the sentence, all problems as the detail.
-- Called by: compile, publish.
create or replace function meshhook_engine.refuse(p_problems meshhook_engine.problem[]) returns void
language plpgsql stable as $$
declare
  v_errors meshhook_engine.problem[];
  v_first  meshhook_engine.problem;
begin
  v_errors := array(select p from unnest(p_problems) p where (p).severity = 'error');
  v_first := v_errors[1];
  raise exception using
    errcode = 'MH422',
    message = format('MH_DEF_INVALID: %s at %s: %s%s', v_first.code, coalesce(nullif(v_first.path, ''), '/'), v_first.message,
      case when cardinality(v_errors) > 1 then format(' (and %s more)', cardinality(v_errors) - 1) else '' end),
    detail = (select jsonb_agg(to_jsonb(p)) from unnest(p_problems) p)::text,
    hint = 'select * from meshhook.validate(definition) lists all problems.';
end $$;
