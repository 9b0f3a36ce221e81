-- Raises what is wrong with a definition: the first error as the sentence, all problems as the detail.
-- Called by: compile, publish.
create or replace function meshhook_engine.refuse(p_problems meshhook_engine.problem[]) returns void
language plpgsql immutable as $$
declare
  v_first meshhook_engine.problem;
  v_count int;
begin
  select count(*) into v_count from unnest(p_problems) where severity = 'error';
  select p.* into v_first from unnest(p_problems) with ordinality p (severity, code, path, node, message, ord)
  where p.severity = 'error' order by p.ord limit 1;
  raise exception using
    errcode = 'MH422',
    message = format('MH_DEF_INVALID: %s at %s: %s%s', v_first.code, coalesce(nullif(v_first.path, ''), '/'), v_first.message,
      case when v_count > 1 then format(' (and %s more)', v_count - 1) else '' end),
    detail = (select jsonb_agg(to_jsonb(p)) from unnest(p_problems) p)::text,
    hint = 'select * from meshhook.validate(definition) lists all problems.';
end $$;
