-- Goes on without a step: it counts as succeeded, with the output given. The step is open (a call, a delay, a wait), or the one
-- that a failed run failed at. Of a branch the output is the list of ports that are taken.
-- A call in flight is not recalled: its result is dropped as stale.
-- Locks: the run, then what skip() takes. Notifies: see write().
create or replace function meshhook.skip_step(run uuid, step text, output jsonb default 'null') returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run   meshhook.runs := meshhook_engine.run_for(run, 'operate');
  v_nodes meshhook_engine.node[];
  v_node  meshhook_engine.node;
  v_open  text;
begin
  v_run := meshhook_engine.locked(run);
  if v_run.status in ('succeeded', 'canceled') then
    perform meshhook_engine.refuse_steering(v_run, 'MH_RUN_ENDED', format('the run has ended already, it is %s', v_run.status), 'Repeat it as another run with meshhook.rerun(run, from_step).');
  end if;
  select coalesce(v.nodes, meshhook_engine.nodes_of(v.compiled)) into v_nodes from meshhook.workflow_versions v where v.id = v_run.version_id;
  v_node := coalesce(
    v_nodes[(v_run.frontier #> array['open', step, 'i'])::int],  -- a step within a loop goes by its path
    (select n from unnest(v_nodes) n where n.id = regexp_replace(step, '^.*\]\.', '') limit 1));
  if v_node.id is null then
    raise exception using
      errcode = 'MH404', message = format('MH_STEP_UNKNOWN: the workflow of the run has no step %s', coalesce(quote_literal(left(step, 100)), 'null')),
      detail = jsonb_build_object('code', 'MH_STEP_UNKNOWN', 'step', left(step, 100))::text,
      hint = format('List them with: select step, status from meshhook.run_steps where run_id = %L', run);
  end if;
  if (v_run.status = 'failed' and split_part(v_run.error ->> 'step', '[', 1) is distinct from step)
     or (v_run.status <> 'failed' and not coalesce(v_run.frontier -> 'open' ? step, false)) then
    v_open := case when v_run.status = 'failed' then split_part(v_run.error ->> 'step', '[', 1)
      else (select string_agg(o.key, ', ' order by o.key) from jsonb_each(v_run.frontier -> 'open') o where o.key <> '*') end;
    perform meshhook_engine.refuse_steering(v_run, 'MH_STEP_NOT_OPEN',
      format(case when v_run.status = 'failed' then 'step %s is not the one that failed' else 'step %s is not open' end, quote_literal(step)),
      case when v_open is null then 'There is none that could be skipped now.'
        when v_run.status = 'failed' then format('The run failed at %s.', v_open) else format('Open now: %s.', v_open) end);
  end if;
  output := coalesce(output, 'null');
  if octet_length(output::text) > 1048576 then
    raise exception using
      errcode = 'MH400', message = format('MH_OUTPUT_TOO_LARGE: %s bytes, at most 1048576 are allowed', octet_length(output::text)),
      detail = '{"code": "MH_OUTPUT_TOO_LARGE"}', hint = 'Give what later steps read of it.';
  end if;
  if v_node.kind = 'branch' and (jsonb_typeof(output) <> 'array' or exists (
    select from jsonb_array_elements(output) p where jsonb_typeof(p) <> 'string' or not p #>> '{}' = any (v_node.next_ports)))
  then
    raise exception using
      errcode = 'MH422', message = format('MH_SKIP_PORTS: step %s is a branch: say which ports it takes', quote_literal(step)),
      detail = jsonb_build_object('code', 'MH_SKIP_PORTS', 'ports', v_node.next_ports)::text,
      hint = format('Such as: select meshhook.skip_step(%L, %L, %L)', run, step, to_jsonb(v_node.next_ports[1:1]));
  end if;
  perform meshhook_engine.skip(v_run, step, output, meshhook_engine.clock());
end $$;
comment on function meshhook.skip_step(uuid, text, jsonb) is
  'Goes on without an open step, or the one a run failed at: it counts as succeeded, with the output given (of a branch: the list of ports taken).';
