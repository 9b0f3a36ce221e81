-- Checks policy.concurrency and policy.debounce. Keys are worked out before any step has run.
-- Called by: check_document.
create or replace function meshhook_engine.check_holds(p_policy jsonb) returns meshhook_engine.problem[]
language plpgsql immutable as $$
declare
  v_problems meshhook_engine.problem[] := '{}';
  v_part     jsonb;
  v_path     text;
  v_name     text;
  v_read     record;
begin
  foreach v_name in array array['concurrency', 'debounce'] loop
    continue when not p_policy ? v_name;
    v_part := p_policy -> v_name;
    v_path := '/policy/' || v_name;
    v_problems := v_problems || meshhook_engine.check_fields(v_part, case v_name when 'concurrency' then '{
        "key": {"is": "any"}, "limit": {"is": "int", "min": 1, "max": 10000},
        "on_limit": {"is": "choice", "of": ["queue", "drop_new", "cancel_old"]}}'::jsonb
      else '{
        "key": {"is": "any"}, "quiet": {"is": "duration", "min": 100, "max": 86400000},
        "mode": {"is": "choice", "of": ["first", "last"]}, "max_wait": {"is": "duration", "min": 100, "max": 604800000}}' end,
      v_path, null, case v_name when 'concurrency' then '{key}'::text[] else '{quiet}' end);
    continue when jsonb_typeof(v_part) <> 'object';
    if v_part ? 'key' then
      v_read := meshhook_engine.read_expression(v_part -> 'key', v_path || '/key', null);
      v_problems := v_problems || v_read.problems;
      if jsonb_array_length(coalesce(v_read.refs -> 'steps', '[]')) > 0 then
        v_problems := v_problems || meshhook_engine.problem('MH_DEF_REF_ORDER', v_path || '/key', null,
          'the key is worked out before any step has run; it can read trigger, run and vars');
      end if;
    end if;
    if meshhook_engine.parse_duration(v_part ->> 'max_wait') < meshhook_engine.parse_duration(v_part ->> 'quiet') then
      v_problems := v_problems || meshhook_engine.problem('MH_DEF_RANGE', v_path || '/max_wait', null, 'max_wait is shorter than quiet');
    end if;
  end loop;
  return v_problems;
end $$;
