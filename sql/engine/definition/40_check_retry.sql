-- The retry of a call: bounds, and a base that its cap does not undercut.
-- Called by: define_http_call.
create or replace function meshhook_engine.check_retry(p_retry jsonb, p_path text, p_node text) returns meshhook_engine.problem[]
language plpgsql immutable parallel safe as $$
declare
  v_problems meshhook_engine.problem[];
begin
  v_problems := meshhook_engine.check_fields(p_retry, '{
    "max_attempts": {"is": "int", "min": 1, "max": 100}, "base": {"is": "duration", "min": 1, "max": 86400000},
    "factor": {"is": "number", "min": 1, "max": 100}, "cap": {"is": "duration", "min": 1, "max": 604800000},
    "jitter": {"is": "choice", "of": ["full", "none"]}, "max_elapsed": {"is": "duration", "min": 1000, "max": 2592000000},
    "on": {"is": "array", "max": 100}}', p_path, p_node)
    || meshhook_engine.check_statuses(p_retry -> 'on', '{network,timeout,tls,body}', p_path || '/on', p_node);
  if coalesce(meshhook_engine.parse_duration(p_retry ->> 'base'), 1000) > coalesce(meshhook_engine.parse_duration(p_retry ->> 'cap'), 300000) then
    v_problems := v_problems || meshhook_engine.problem('MH_DEF_RETRY', p_path, p_node, 'base is longer than cap (by default 1s and 5m)');
  end if;
  return v_problems;
end $$;
