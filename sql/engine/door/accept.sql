-- Takes a group of webhooks in one commit: request rows, runs, their first segments, calls leased to this process, queue rows.
--
-- Guarantees: one answer an item; a bad item never fails its neighbours (evaluation stands in exception blocks, writes do
-- not); nothing is answered that is not in this commit. What the door has verified or refused comes in as verdict and cause;
-- what only the database can tell (endpoint state, body, live version) is decided here.
-- A request may start several workflows; the answer is about the primary one. A status of responded means that its respond
-- node has run, and the output is what it said, whatever became of the run.
-- Locks: none on existing rows, but those of deliveries that sift takes. Writes: requests, then write(). Notifies: see write().
-- Settings: one generic plan a statement, because planning for each group's arrays took most of a small group's time; no
-- sequential scan, because plans are made while tables are small and kept while they grow.
-- Called by: the door, grouped; admit, for requests that are stored already.
create or replace function meshhook_engine.accept(p_process int, p_take int, p_items jsonb[], p_bodies bytea[])
returns table (
  item int, verdict text, cause text, message text, request_id uuid, run_id uuid, status text, output jsonb, error jsonb, calls jsonb)
language plpgsql security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  v_now      timestamptz := meshhook_engine.clock();
  v_iso      text := meshhook_engine.iso(v_now);
  v_take     int := p_take;
  v_received meshhook_engine.received[];
  v_target   record;
  v_nodes    meshhook_engine.node[];  -- of the target; unpacked once here, as a field of the record it would be in each decide
  v_one      meshhook_engine.received;
  v_project  int;
  v_vars     jsonb;
  v_run      uuid;
  v_started  jsonb;
  v_held     jsonb;  -- why the run may not begin yet
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
  v_changes  meshhook_engine.change[] := '{}'::meshhook_engine.change[];
  v_answers  meshhook_engine.answer[];
  v_press    boolean := false;  -- calls must ask before they go: a node has a breaker, or the project has rates
  v_calls    jsonb[];
  n          int;
begin
  v_received := meshhook_engine.receive(p_items, p_bodies, v_now);
  if exists (select from unnest(v_received) r where r.door is not null) then
    v_received := meshhook_engine.sift(v_received, v_now);
  end if;
  v_answers := array_fill(null::meshhook_engine.answer, array[cardinality(p_items)]);

  -- Runs, workflow by workflow, so that each graph is unpacked once.
  for v_target in
    select t.*, a.ords
    from (
      select w.workflow_id, array_agg(r.ord order by r.ord) as ords
      from unnest(v_received) r
      cross join lateral unnest(r.workflows) w(workflow_id)
      where r.trigger is not null
      group by w.workflow_id
    ) a
    join meshhook_engine.targets(array(select distinct unnest(r.workflows) from unnest(v_received) r)) t on t.workflow_id = a.workflow_id
    order by t.workflow_id
  loop
    v_nodes := v_target.nodes;
    v_held := null;
    v_press := v_press or v_target.graph ? 'asks' or coalesce(v_target.limits ? 'calls', false);
    foreach n in array v_target.ords loop
      v_one := v_received[n];
      if v_project is distinct from v_one.project_id then
        v_project := v_one.project_id;
        v_vars := meshhook_engine.vars_of(v_project);
      end if;
      v_run := v_one.run_ids[array_position(v_one.workflows, v_target.workflow_id)];
      v_started := jsonb_build_object(
        'request', v_one.request_id, 'workflow', v_target.name, 'version', v_target.version, 'body_sha256', v_one.body_hash);
      if v_one.door ? 'spooled' then
        v_started := v_started || '{"spooled": true}';
      end if;
      if (v_target.graph -> 'uses_vars')::boolean then
        v_started := v_started || jsonb_build_object('vars', v_vars);
      end if;
      if v_target.holds is not null then
        v_held := meshhook_engine.hold(v_run, v_project, v_target.workflow_id, v_target.holds, jsonb_build_object(
          'trigger', v_one.trigger, 'vars', v_vars, 'run', jsonb_build_object('id', v_run, 'workflow', v_target.name, 'version', v_target.version, 'started_at', v_iso)), null, v_now);
        v_started := v_started || coalesce(v_held, '{}');
      end if;
      v_decision := case when v_held is not null then meshhook_engine.held_start() else meshhook_engine.decide(
        v_target.graph, v_nodes, '{}', row('run.started', null, null, null, null)::meshhook_engine.fact,
        jsonb_build_object(
          'trigger', v_one.trigger, 'vars', v_vars,
          'run', jsonb_build_object('id', v_run, 'workflow', v_target.name, 'version', v_target.version, 'started_at', v_iso, 'business_key', null)),
        null, 1, v_now, null, null, interval '50 milliseconds') end;
      v_place := meshhook_engine.place(v_run, v_project, v_decision, null, null, null, v_take, v_nodes, v_now);
      v_take := v_take - v_place.taken;
      v_changes := v_changes || meshhook_engine.opening(
        v_run, v_project, v_target.workflow_id, v_target.version_id, 'webhook', v_one.request_id, null,
        v_now + v_target.deadline, v_decision, v_place, v_started);
      if v_answers[n] is null or v_target.workflow_id = v_one.workflows[1] then
        v_answers[n] := row(
          v_run, case when v_decision.frontier ? 'reply' then 'responded'
                      when v_decision.status = 'running' and v_place.jobs is null then 'waiting' else v_decision.status::text end,
          case when v_decision.frontier ? 'reply' then coalesce(v_decision.steps -> (v_decision.frontier ->> 'reply'), v_decision.steps -> '.said') else v_decision.output end,
          v_decision.error, coalesce((v_answers[n]).calls, '[]') || v_place.calls)::meshhook_engine.answer;
      else
        v_answers[n].calls := v_answers[n].calls || v_place.calls;
      end if;
    end loop;
  end loop;

  if p_items[1] ? 'request' then
    perform meshhook_engine.admitted(v_received);
  else
    insert into meshhook.requests (
      id, received_at, project_id, verdict, endpoint_id, method, path, query, headers, remote, cause, message, run_ids, first_id, body, trace, evidence, spooled_until)
    select r.request_id, coalesce((i ->> 'at')::timestamptz, v_now), r.project_id, r.verdict, r.endpoint_id, i ->> 'method', i ->> 'path', nullif(i -> 'query', '{}'),
           coalesce(i -> 'headers', '{}'), i ->> 'remote', r.cause, r.message, case when r.trigger is not null then r.run_ids end, r.first_id, b,
           i -> 'trace', decode(i ->> 'evidence', 'base64'),
           case when i ? 'spooled' then v_now end
    from unnest(v_received) r
    join unnest(p_items, p_bodies) with ordinality x(i, b, ord) on x.ord = r.ord
    where r.project_id is not null;
  end if;
  if v_press then
    select p.p_changes, p.p_calls into v_changes, v_calls
    from meshhook_engine.press(v_changes, array(select coalesce(a.calls, '[]') from unnest(v_answers) with ordinality a(r, s, o, e, calls, ord) order by a.ord), '{}', v_now) p;
    for k in 1 .. cardinality(v_calls) loop
      v_answers[k].calls := v_calls[k];
    end loop;
  end if;
  if cardinality(v_changes) > 0 then
    perform meshhook_engine.write(v_changes, p_process, v_now);
  end if;

  return query
    select r.ord, r.verdict::text, r.cause, r.message, case when r.project_id is not null then r.request_id end,
           coalesce(a.run_id, r.first_run), a.status, a.output,
           coalesce(a.error, case when r.cause = 'MH_INPUT_SCHEMA' then r.door -> 'violations' end), coalesce(a.calls, '[]')
    from unnest(v_received) r
    join unnest(v_answers) with ordinality a(run_id, status, output, error, calls, ord) on a.ord = r.ord;
end $$;
