-- Takes a group of webhooks in one commit: request rows, runs, their first segments, calls leased to this process, queue rows.
--
-- Guarantees: one answer an item; a bad item never fails its neighbours (evaluation stands in exception blocks, writes do
-- not); nothing is answered that is not in this commit. What the door has verified or refused comes in as verdict and cause;
-- what only the database can tell (endpoint state, body, live version) is decided here.
-- A request may start several workflows; the answer is about the primary one.
-- Locks: none taken on existing rows. Writes: requests, then write().
-- Called by: the door, grouped. Notifies: see write().
create or replace function meshhook_engine.accept(p_process int, p_take int, p_items jsonb[], p_bodies bytea[])
returns table (
  item int, verdict text, cause text, message text, request_id uuid, run_id uuid, status text, output jsonb, error jsonb, calls jsonb)
language plpgsql security definer set search_path = '' as $$
declare
  v_now      timestamptz := meshhook_engine.clock();
  v_until    timestamptz := clock_timestamp() + interval '50 milliseconds';
  v_take     int := p_take;
  v_group    record;
  v_target   record;
  v_vars     jsonb;
  v_run_ctx  jsonb;
  v_ctx      jsonb;
  v_trigger  jsonb;
  v_started  jsonb;
  v_run      meshhook.runs;
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
  v_changes  meshhook_engine.change[] := '{}';
  v_requests meshhook.requests[] := '{}';
  v_triggers jsonb[] := '{}';
  v_answers  jsonb[];
  v_request  meshhook.requests;
  v_item     jsonb;
  v_is_live  boolean;
  v_error    jsonb;
  v_state    text;
  v_message  text;
  v_detail   text;
  n          int;
begin
  for v_group in
    select e.id, e.project_id, e.state, g.ords, w.workflows, w.primary_id, meshhook_engine.vars_of(e.project_id) as vars
    from (
      select (i.item ->> 'endpoint')::uuid as endpoint_id, array_agg(i.ord::int order by i.ord) as ords
      from unnest(p_items) with ordinality i(item, ord)
      group by 1
    ) g
    left join meshhook.endpoints e on e.id = g.endpoint_id
    left join lateral (
      select array_agg(ew.workflow_id) as workflows,
             coalesce(min(ew.workflow_id) filter (where ew.is_primary), min(ew.workflow_id)) as primary_id
      from meshhook.endpoint_workflows ew where ew.endpoint_id = e.id
    ) w on true
    order by e.id
  loop
    -- The requests of this endpoint: verdict, and the trigger that expressions will see.
    v_requests := '{}';
    v_triggers := '{}';
    v_answers := '{}';
    v_is_live := exists (select from meshhook_engine.targets(v_group.workflows));
    foreach n in array v_group.ords loop
      v_item := p_items[n];
      v_trigger := null;
      v_request := null;
      v_request.id := meshhook_engine.uuid_v7(v_now);
      v_request.received_at := v_now;
      v_request.project_id := v_group.project_id;
      v_request.endpoint_id := v_group.id;
      v_request.method := v_item ->> 'method';
      v_request.path := v_item ->> 'path';
      v_request.query := nullif(v_item -> 'query', '{}');
      v_request.headers := coalesce(v_item -> 'headers', '{}');
      v_request.remote := v_item ->> 'remote';
      v_request.body := p_bodies[n];
      v_request.verdict := 'accepted';
      if v_group.id is null then
        v_request.verdict := 'rejected';
        v_request.cause := 'MH_ENDPOINT_UNKNOWN';
        v_request.id := null;
      elsif v_item ->> 'verdict' = 'rejected' then
        v_request.verdict := 'rejected';
        v_request.cause := v_item ->> 'cause';
        v_request.message := v_item ->> 'message';
      elsif v_group.state = 'disabled' then
        v_request.verdict := 'rejected';
        v_request.cause := 'MH_ENDPOINT_DISABLED';
      elsif v_group.state = 'paused' then
        v_request.verdict := 'queued';
        v_request.cause := 'MH_ENDPOINT_PAUSED';
      elsif not v_is_live then
        v_request.verdict := 'ignored';
        v_request.cause := 'MH_NO_WORKFLOW';
        v_request.message := 'No enabled workflow with a published version listens at this endpoint.';
      else
        begin
          v_trigger := meshhook_engine.trigger_of(
            v_request.id, v_request.endpoint_id, v_request.received_at, v_request.method, v_request.path,
            v_request.query, v_request.headers, v_request.body);
        exception
          when others then
            get stacked diagnostics v_state = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail;
            v_error := meshhook_engine.trouble(v_state, v_message, v_detail);
            v_request.verdict := 'invalid';
            v_request.cause := v_error ->> 'code';
            v_request.message := v_error ->> 'message';
        end;
      end if;
      v_requests := v_requests || v_request;
      v_triggers := v_triggers || v_trigger;
      v_answers := v_answers || '{}'::jsonb;
    end loop;

    -- Their runs, workflow by workflow, so that each graph is unpacked once.
    if v_is_live then
      v_vars := v_group.vars;
      for v_target in select * from meshhook_engine.targets(v_group.workflows) loop
        for k in 1 .. cardinality(v_requests) loop
          continue when v_triggers[k] is null;
          v_run := null;
          v_run.id := meshhook_engine.uuid_v7(v_now);
          v_run.project_id := v_group.project_id;
          v_run.workflow_id := v_target.workflow_id;
          v_run.version_id := v_target.version_id;
          v_run.seq := 0;
          v_run.trigger := 'webhook';
          v_run.request_id := v_requests[k].id;
          if v_target.graph #> '{policy,deadline_ms}' <> 'null' then
            v_run.deadline_at := v_now + make_interval(secs => (v_target.graph #> '{policy,deadline_ms}')::float8 / 1000);
          end if;
          v_started := jsonb_build_object(
            'request', v_run.request_id, 'workflow', v_target.name, 'version', v_target.version,
            'body_sha256', left(encode(sha256(coalesce(v_requests[k].body, '')), 'hex'), 32));
          if (v_target.graph -> 'uses_vars')::boolean then
            v_started := v_started || jsonb_build_object('vars', v_vars);
          end if;
          v_run_ctx := jsonb_build_object(
            'id', v_run.id, 'workflow', v_target.name, 'version', v_target.version,
            'started_at', meshhook_engine.iso(v_now), 'business_key', null);
          v_ctx := jsonb_build_object('trigger', v_triggers[k], 'run', v_run_ctx, 'vars', v_vars);
          v_decision := meshhook_engine.advance(
            v_run.id, v_run.request_id, v_target.graph, v_target.nodes, '{}', '{"type":"run.started"}', v_ctx, 1, v_now, null, v_until);
          v_place := meshhook_engine.place(v_run.id, v_run.project_id, v_decision, null, null, null, v_take, v_target.nodes, v_now);
          v_take := v_take - v_place.taken;
          v_changes := v_changes || meshhook_engine.change_of(
            v_run, true, v_decision, v_place,
            jsonb_build_array(jsonb_build_object('type', 'run.started', 'data', v_started, 'digest', meshhook_engine.digest(v_started))));
          v_requests[k].run_ids := v_requests[k].run_ids || v_run.id;
          if v_target.workflow_id = v_group.primary_id or v_answers[k] = '{}' then
            v_answers[k] := jsonb_build_object(
              'run', v_run.id, 'output', v_decision.output, 'error', v_decision.error, 'calls', coalesce(v_answers[k] -> 'calls', '[]'),
              'status', case when v_decision.status = 'running' and v_place.jobs is null then 'waiting' else v_decision.status::text end);
          end if;
          v_answers[k] := v_answers[k] || jsonb_build_object('calls', coalesce(v_answers[k] -> 'calls', '[]') || v_place.calls);
        end loop;
      end loop;
    end if;

    if v_group.id is not null then
      insert into meshhook.requests select * from unnest(v_requests);
    end if;
    for k in 1 .. cardinality(v_requests) loop
      item := v_group.ords[k];
      verdict := v_requests[k].verdict;
      cause := v_requests[k].cause;
      message := v_requests[k].message;
      request_id := v_requests[k].id;
      run_id := (v_answers[k] ->> 'run')::uuid;
      status := v_answers[k] ->> 'status';
      output := v_answers[k] -> 'output';
      error := nullif(v_answers[k] -> 'error', 'null');
      calls := coalesce(v_answers[k] -> 'calls', '[]');
      return next;
    end loop;
  end loop;

  if cardinality(v_changes) > 0 then
    perform meshhook_engine.write(v_changes, p_process, v_now);
  end if;
end $$;
