-- What a called run comes to: {value, takes_ms}; value is the data of child.finished without run and workflow. Raises
-- MH_SIMULATE_MOCK. Called by: read_mocks.
create or replace function meshhook_engine.read_child_mock(p_mock jsonb, p_path text) returns jsonb
language plpgsql immutable as $$
declare
  v_key    text;
  v_answer jsonb := '{}';
begin
  if jsonb_typeof(p_mock) <> 'object' then
    perform meshhook_engine.mock_problem(p_path, format('what a called run comes to is an object, got %s', meshhook_engine.quote(p_mock)));
  end if;
  select k into v_key from jsonb_object_keys(p_mock) k where k not in ('output', 'error', 'takes') order by k limit 1;
  if v_key is not null then
    perform meshhook_engine.mock_problem(p_path, format('nobody reads "%s"; there are output, error, takes', left(v_key, 80)));
  elsif p_mock ? 'output' = p_mock ? 'error' then
    perform meshhook_engine.mock_problem(p_path, 'give one of output and error');
  elsif p_mock ? 'takes' then
    if jsonb_typeof(p_mock -> 'takes') <> 'string' or meshhook_engine.parse_duration(p_mock ->> 'takes') is null then
      perform meshhook_engine.mock_problem(p_path || '/takes', format('%s is no duration', meshhook_engine.quote(p_mock -> 'takes')));
    end if;
    v_answer := jsonb_build_object('takes_ms', meshhook_engine.parse_duration(p_mock ->> 'takes'));
  end if;
  if p_mock ? 'output' then
    return v_answer || jsonb_build_object('value', jsonb_build_object('status', 'succeeded', 'output', p_mock -> 'output'));
  elsif jsonb_typeof(p_mock -> 'error') <> 'object' then
    perform meshhook_engine.mock_problem(p_path || '/error', 'an object: the error that the called run fails with');
  end if;
  return v_answer || jsonb_build_object('value', jsonb_build_object('status', 'failed', 'error', jsonb_build_object(
    'code', 'MH_CHILD_FAILED', 'message', coalesce(p_mock #>> '{error,message}', 'as the mock says'), 'cause', p_mock -> 'error')));
end $$;
