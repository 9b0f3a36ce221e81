-- Runs a definition wholly in SQL, calls answered by mocks, timers fired at once under a clock of its own; answers with the
-- log that a run would have. Through the same decide as a run: nothing here says what a node does.
-- Takes no lock, writes nothing, so it works in a read-only transaction; needs no project. Raises MH_DEF_INVALID with all
-- problems of the definition; MH_SIMULATE_NO_MOCK when a call has no answer.
create or replace function meshhook.simulate(definition jsonb, trigger jsonb, mocks jsonb default '{}')
returns table (seq int, at timestamptz, type text, step text, attempt int, summary text, data jsonb)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_compiled jsonb := meshhook_engine.compile(definition);
  v_mocks    jsonb := coalesce(definition -> 'pins', '{}') || coalesce(mocks, '{}');
  v_now      timestamptz;
  v_trigger  jsonb;
  v_vars     jsonb := coalesce(v_mocks -> '$vars', '{}');
  v_read     record;
  v_seen     record;
  v_started  jsonb;
  v_lacks    text;
begin
  v_trigger := meshhook_engine.read_trigger(trigger, meshhook_engine.clock());
  perform meshhook_engine.require_input(v_compiled, v_trigger -> 'body');
  v_now := meshhook_engine.moment(v_trigger -> 'received_at');
  v_read := meshhook_engine.read_mocks(v_mocks, meshhook_engine.nodes_of(v_compiled));
  v_started := jsonb_build_object('workflow', definition -> 'name', 'version', null, 'trigger', v_trigger);
  if (v_compiled -> 'uses_vars')::boolean then
    v_started := v_started || jsonb_build_object('vars', v_vars);
  end if;
  v_seen := meshhook_engine.foresee(
    v_compiled - 'nodes', v_read.nodes,
    jsonb_build_object('trigger', v_trigger, 'vars', v_vars, 'run', jsonb_build_object(
      'id', '00000000-0000-7000-8000-000000000000', 'workflow', definition -> 'name', 'version', null,
      'started_at', meshhook_engine.iso(v_now), 'business_key', null) || coalesce(v_mocks -> '$run', '{}')),
    v_started, v_now, v_read.answers);
  if v_seen.status = 'running' then
    v_lacks := case when v_seen.frontier #> array['open', v_seen.unknown[1]] ? 'a' then 'makes a call, and no mock answers it'
      else 'waits, and no mock lets it go on' end;
    raise exception using
      errcode = 'MH422', message = format('MH_SIMULATE_NO_MOCK: step %s %s', v_seen.unknown[1], v_lacks),
      detail = jsonb_build_object('code', 'MH_SIMULATE_NO_MOCK', 'step', v_seen.unknown[1], 'steps', v_seen.unknown)::text,
      hint = case when v_lacks like 'makes%' then
        format('Give one: {%s: {"status": 200, "body": {}}}, or one for every call: {"*": {"status": 200}}.', to_jsonb(v_seen.unknown[1]))
        else format('Give what it waits for: {%s: {"signal": {}}} or {%1$s: {"approved": true}}.', to_jsonb(v_seen.unknown[1])) end;
  end if;
  return query
    select n::int, m.at, (e.fact).type::text, (e.fact).step, (e.fact).attempt::int,
           case when n = 1 then format('a draft of %s', definition ->> 'name')
                else meshhook_engine.summary((e.fact).type, (e.fact).attempt, (e.fact).data) end, (e.fact).data
    from generate_subscripts(v_seen.events, 1) n
    cross join lateral (select v_seen.events[n] as fact) e
    cross join lateral (select v_seen.moments[n] as at) m
    order by n;
end $$;
comment on function meshhook.simulate(jsonb, jsonb, jsonb) is
  'The log that a run of a definition would have, calls answered by mocks and timers fired at once. Writes nothing; docs/simulate.md tells how mocks are written.';
