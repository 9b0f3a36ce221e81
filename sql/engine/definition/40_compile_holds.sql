-- What a workflow's policy holds starts back for, compiled: {"concurrency", "debounce"}; null when it does not.
-- The definition is known to be without errors. Called by: assemble.
create or replace function meshhook_engine.compile_holds(p_policy jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_c jsonb := p_policy -> 'concurrency';
  v_d jsonb := p_policy -> 'debounce';
begin
  return nullif(
    case when v_c is not null then jsonb_build_object('concurrency', jsonb_build_object(
      'key', meshhook_expr.parse(v_c ->> 'key'), 'limit', coalesce(v_c -> 'limit', '1'), 'on_limit', coalesce(v_c -> 'on_limit', '"queue"'))) else '{}' end
    || case when v_d is not null then jsonb_build_object('debounce', jsonb_build_object(
      'key', case when v_d ? 'key' then meshhook_expr.parse(v_d ->> 'key') end,
      'quiet_ms', meshhook_engine.parse_duration(v_d ->> 'quiet'), 'mode', coalesce(v_d -> 'mode', '"last"'),
      'max_wait_ms', meshhook_engine.parse_duration(v_d ->> 'max_wait'))) else '{}' end, '{}');
end $$;
