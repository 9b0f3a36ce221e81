-- What a waiting step meets: {value, takes_ms}, or {} when nothing comes. Raises MH_SIMULATE_MOCK. Called by: read_mocks.
create or replace function meshhook_engine.read_wait_mock(p_mock jsonb, p_path text, p_approval boolean) returns jsonb
language plpgsql immutable as $$
declare
  v_key    text;
  v_answer jsonb := '{}';
begin
  if jsonb_typeof(p_mock) <> 'object' then
    perform meshhook_engine.mock_problem(p_path, format('what a wait meets is an object, got %s', meshhook_engine.quote(p_mock)));
  end if;
  select k into v_key from jsonb_object_keys(p_mock) k
  where not k = any (case when p_approval then '{approved,by,note,takes,never}'::text[] else '{signal,takes,never}' end) order by k limit 1;
  if v_key is not null then
    perform meshhook_engine.mock_problem(p_path, format('nobody reads "%s"; there are %s', left(v_key, 80),
      case when p_approval then 'approved, by, note, takes, never' else 'signal, takes, never' end));
  elsif p_mock ? 'never' then
    if p_mock <> '{"never": true}' then
      perform meshhook_engine.mock_problem(p_path, '{"never": true} stands alone');
    end if;
    return '{}';
  elsif p_mock ? 'takes' then
    if jsonb_typeof(p_mock -> 'takes') <> 'string' or meshhook_engine.parse_duration(p_mock ->> 'takes') is null then
      perform meshhook_engine.mock_problem(p_path || '/takes', format('%s is no duration', meshhook_engine.quote(p_mock -> 'takes')));
    end if;
    v_answer := jsonb_build_object('takes_ms', meshhook_engine.parse_duration(p_mock ->> 'takes'));
  end if;
  if p_approval then
    if jsonb_typeof(p_mock -> 'approved') is distinct from 'boolean' then
      perform meshhook_engine.mock_problem(p_path || '/approved', 'true or false');
    end if;
    return v_answer || jsonb_build_object('value', jsonb_strip_nulls(jsonb_build_object(
      'approved', p_mock -> 'approved', 'by', coalesce(p_mock ->> 'by', 'mock'), 'note', p_mock ->> 'note')));
  elsif not p_mock ? 'signal' then
    perform meshhook_engine.mock_problem(p_path, 'say what comes, {"signal": ...}, or that nothing does, {"never": true}');
  end if;
  return v_answer || jsonb_build_object('value', p_mock -> 'signal');
end $$;
