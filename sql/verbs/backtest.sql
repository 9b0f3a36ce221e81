-- Which runs of the last days would have gone another way under another definition: the given one, or the draft. Each recorded
-- request that started a run which has ended goes once more through the same decide, with its trigger, moment and variables,
-- and with calls answered from the recording of that run. A row a request whose course would differ: path (which steps ran, which
-- ports were taken), outcome (status, error code), output, calls (the requests that were made, by hash).
--
-- A call that the recording does not answer is not invented an answer: it stays open, would_be.unknown names it, and how the
-- run would end is unknown. So is a run that was sent another way by hand.
-- Reads only, takes no lock. Refuses more than `most` runs, rather than leaving some out.
create or replace function meshhook.backtest(
  project text, workflow text, definition jsonb default null, since interval default '7 days', most int default 10000)
returns table (request uuid, was jsonb, would_be jsonb)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project    int := meshhook_engine.require(project, 'view');
  v_workflow   int := meshhook_engine.require_workflow(v_project, workflow);
  v_since      timestamptz := meshhook_engine.clock() - coalesce(since, interval '7 days');
  v_definition jsonb := definition;
  v_compiled   jsonb;
  v_graph      jsonb;
  v_nodes      meshhook_engine.node[];
  v_schema     jsonb;
  v_count      int;
  v_run        meshhook.runs;
  v_facts      jsonb;
  v_start      jsonb;
  v_answers    jsonb;
  v_seen       record;
  v_differs    text[];
begin
  if v_definition is null then
    select w.draft into v_definition from meshhook.workflows w where w.id = v_workflow;
  end if;
  if v_definition is null then
    raise exception using
      errcode = 'MH404', message = format('MH_DRAFT_UNKNOWN: workflow %s has no draft', quote_literal(workflow)),
      detail = '{"code": "MH_DRAFT_UNKNOWN"}', hint = 'Give the definition, or save a draft first.';
  end if;
  v_compiled := meshhook_engine.compile(v_definition);
  v_graph := v_compiled - 'nodes';
  v_schema := v_compiled #> '{input,schema}';
  v_nodes := meshhook_engine.nodes_of(v_compiled);
  select count(*) into v_count from (select from meshhook_engine.backtest_runs(v_workflow, meshhook_engine.uuid_floor(v_since)) limit coalesce(most, 10000) + 1::bigint) r;
  if v_count > coalesce(most, 10000) then
    raise exception using
      errcode = 'MH422', message = format('MH_BACKTEST_TOO_MANY: more than %s requests started runs of %s since %s', most, workflow, v_since),
      detail = jsonb_build_object('code', 'MH_BACKTEST_TOO_MANY', 'most', most)::text,
      hint = 'Take a shorter time, or raise most: a thousand runs take some seconds.';
  end if;

  for v_run in select * from meshhook_engine.backtest_runs(v_workflow, meshhook_engine.uuid_floor(v_since)) loop
    select jsonb_agg(jsonb_build_object(
        'seq', f.seq, 'at', f.at, 'type', f.type, 'step', f.step, 'data', f.data, 'outside', f.digest is not null) order by f.seq)
    into v_facts from meshhook_engine.facts(v_run.id, null) f;
    v_start := meshhook_engine.recall_start(v_run.id, v_run.request_id);
    continue when v_start -> 'trigger' is null;  -- the request is gone; verify says so
    v_answers := meshhook_engine.recording_of(v_facts);
    continue when v_facts #> '{0,data}' ? 'held' and not v_answers ? '.began';  -- it never began, which other runs decided
    v_start := v_start || jsonb_build_object('run', meshhook_engine.run_context(
      v_run, v_facts #>> '{0,data,workflow}', (v_facts #> '{0,data,version}')::int));
    if not v_facts #> '{0,data}' ? 'vars' and (v_graph -> 'uses_vars')::boolean then
      v_start := v_start || jsonb_build_object('vars', meshhook_engine.vars_of(v_project));
    end if;
    was := meshhook_engine.course_of(v_facts);
    if v_schema is not null and meshhook_engine.schema_violations(v_schema, v_start #> '{trigger,body}') <> '[]' then
      would_be := '{"status": "refused", "error": "MH_INPUT_SCHEMA", "output": null, "steps": {}, "calls": {}}';
      v_differs := '{outcome}';
    elsif v_answers ? '.steered' then
      would_be := '{"status": "unknown", "unknown": [], "steered": true}';
      v_differs := '{outcome}';
    else
      v_seen := meshhook_engine.foresee(
        v_graph, v_nodes, v_start, '{}', coalesce((v_answers ->> '.began')::timestamptz, v_run.started_at), v_answers);
      would_be := meshhook_engine.course_of((
        select jsonb_agg(jsonb_build_object('seq', n, 'type', f.type, 'step', f.step, 'data', f.data) order by n)
        from unnest(v_seen.events) with ordinality f(type, step, attempt, data, digest, n)));
      if v_seen.unknown <> '{}' then
        would_be := would_be || jsonb_build_object('unknown', v_seen.unknown, 'status', 'unknown', 'error', null, 'output', null);
      end if;
      v_differs := array_remove(array[
        case when was -> 'steps' <> would_be -> 'steps' then 'path' end,
        case when was -> 'calls' <> would_be -> 'calls' then 'calls' end,
        case when was -> 'status' <> would_be -> 'status' or was -> 'error' <> would_be -> 'error' then 'outcome' end,
        case when was -> 'output' <> would_be -> 'output' and would_be ->> 'status' <> 'unknown' then 'output' end], null);
    end if;
    continue when v_differs = '{}';
    request := v_run.request_id;
    was := was || jsonb_build_object('run', v_run.id);
    would_be := would_be || jsonb_build_object('differs', v_differs);
    return next;
  end loop;
end $$;
comment on function meshhook.backtest(text, text, jsonb, interval, int) is
  'Which runs of recorded requests would have gone another way under a definition (or the draft), and how. Calls are answered from the recordings; what those do not hold is unknown.';
