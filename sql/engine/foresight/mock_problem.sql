-- Raises that a mock cannot be used, with the path to it. Called by: read_mocks, read_mock, read_trigger.
create or replace function meshhook_engine.mock_problem(p_path text, p_message text) returns void
language plpgsql immutable as $$
begin
  raise exception using
    errcode = 'MH422', message = format('MH_SIMULATE_MOCK: %s: %s', p_path, p_message),
    detail = jsonb_build_object('code', 'MH_SIMULATE_MOCK', 'path', p_path)::text,
    hint = 'A mock is by step: {"post": {"status": 200, "body": {}}}, or a list of these, one a try. docs/simulate.md has all forms.';
end $$;
