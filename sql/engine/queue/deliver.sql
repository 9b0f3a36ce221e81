-- Records the results of a group of calls and timers in one commit, decides what follows until each run blocks, and returns
-- the next calls of those runs, leased to the same process as long as it has slots (p_take).
--
-- Guarantees: a result whose attempt is not open (late, twice, of a canceled run) is told as stale and leaves no trace; of
-- two results of one attempt the first is recorded, whoever held the lease. Results, state and queue rows are one commit.
-- Locks: runs in id order (for no key update), then breakers and rates (press), then events, then river_job rows: the
-- engine's lock order.
-- Called by: the worker, grouped. Notifies: see write().
create or replace function meshhook_engine.deliver(p_process int, p_take int, p_results jsonb[], p_bodies bytea[])
returns table (item int, verdict text, run_id uuid, status text, calls jsonb)
language plpgsql security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  v_now      timestamptz := meshhook_engine.clock();
  v_take     int := p_take;
  v_runs     meshhook.runs[];
  v_order    record;
  v_run      meshhook.runs;
  v_version  int := -1;
  v_graph    jsonb;
  v_nodes    meshhook_engine.node[];
  v_name     text;
  v_number   int;
  v_asks     boolean;  -- calls of the run at hand must ask before they go: a node has a breaker, or the project has rates
  v_press    boolean := false;
  v_seen     jsonb[] := '{}';
  v_ctx      jsonb;
  v_result   jsonb;
  v_step     text;
  v_open     jsonb;
  v_steps    jsonb;
  v_event    meshhook_engine.fact;
  v_logged   meshhook_engine.fact[];
  v_data     jsonb;
  v_job      bigint;
  v_jobs     jsonb;
  v_held     bigint;
  v_new_job  bigint;  -- made for this process in this group: a run gets no second one
  v_owned    bigint[];
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
  v_change   meshhook_engine.change;
  v_changes  meshhook_engine.change[] := '{}'::meshhook_engine.change[];
  v_stale    bigint[] := '{}'::bigint[];
  v_verdicts text[] := array_fill(null::text, array[cardinality(p_results)]);
  v_statuses text[] := v_verdicts;
  v_calls    jsonb[] := array_fill('[]'::jsonb, array[cardinality(p_results)]);
  v_item     int;
  v_call     meshhook_engine.called;  -- of a step that calls another run
  v_children meshhook_engine.change[] := '{}'::meshhook_engine.change[];
  v_given    int[];   -- results of the run at hand that were answered with calls
begin
  -- Every run of the group, locked in id order; a lookup by key each, whatever the planner thinks of the partitions.
  select array_agg(l.run) into v_runs
  from (
    select k.run
    from (select distinct (x.result ->> 'run')::uuid as id from unnest(p_results) x(result) order by 1) wanted
    cross join lateral (select r as run from meshhook.runs r where r.id = wanted.id for no key update) k
  ) l;
  -- Queue rows that are still this process's; a lease lost in the meantime is not built on. The state is asked in a form that
  -- no index answers: every row that was ever leased and not vacuumed yet stands in the index on it.
  v_owned := array(
    select j.id from meshhook_river.river_job j
    where j.id = any (array(select (x.result -> 'job')::bigint from unnest(p_results) x(result)))
      and (j.state is not distinct from 'scheduled' or j.state is not distinct from 'running')
      and j.attempted_by[cardinality(j.attempted_by)] = p_process::text);

  for v_order in
    select x.ord::int as ord, k.pos
    from unnest(p_results) with ordinality x(result, ord)
    left join (
      select (v_runs[g.pos]).id as id, (v_runs[g.pos]).version_id as version_id, g.pos
      from generate_subscripts(v_runs, 1) g(pos)
    ) k on k.id = (x.result ->> 'run')::uuid
    order by k.version_id, k.pos, x.ord
  loop
    v_result := p_results[v_order.ord];
    v_step := v_result ->> 'step';
    v_job := (v_result -> 'job')::bigint;
    if v_run.id is distinct from v_runs[v_order.pos].id then
      v_run := v_runs[v_order.pos];
      v_ctx := null;
      v_steps := null;
      v_new_job := null;
      v_given := '{}'::int[];
    end if;
    v_open := v_run.frontier -> 'open' -> v_step;

    -- The fence.
    if v_run.id is null or v_run.finished_at is not null
       or (case when v_step = '*' then not v_run.frontier ? 'rest'
               else v_open is null or v_open ? 's' or coalesce((v_open -> 'a')::int, 0) <> coalesce((v_result -> 'attempt')::int, 0) end) then
      v_verdicts[v_order.ord] := 'stale';
      v_statuses[v_order.ord] := v_run.status;
      if v_job is not null and not meshhook_engine.holds(v_run.jobs, v_job) then
        v_stale := v_stale || v_job;
      end if;
      continue;
    end if;

    if v_version <> v_run.version_id then
      v_version := v_run.version_id;
      select v.compiled - 'nodes', coalesce(v.nodes, meshhook_engine.nodes_of(v.compiled)), w.name, v.version, v.compiled ? 'asks' or coalesce(p.limits ? 'calls', false)
      into v_graph, v_nodes, v_name, v_number, v_asks
      from meshhook.workflow_versions v join meshhook.workflows w on w.id = v.workflow_id join meshhook.projects p on p.id = w.project_id
      where v.id = v_version;
      v_press := v_press or v_asks;
    end if;
    if v_ctx is null then
      v_ctx := jsonb_build_object('run', meshhook_engine.run_context(v_run, v_name, v_number));
    end if;

    v_call := null;
    if v_step = '*' then
      v_event := null;
      v_logged := '{}';
    elsif v_open ? 'c' then
      v_call := meshhook_engine.call_child(v_run, v_step, v_now);
      v_event := v_call.fact;
      v_logged := case when v_call.wait is null then array[v_event] else '{}' end;
      if (v_call.child).run_id is not null then
        v_children := v_children || v_call.child;
      end if;
    elsif v_open ? 'a' then
      v_data := meshhook_engine.attempted(v_nodes[(v_open -> 'i')::int].spec, v_result, p_bodies[v_order.ord]);
      v_event := row('call.attempted', v_step, (v_open -> 'a')::int2, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact;
      v_logged := array[v_event];
      if v_asks then
        v_seen := v_seen || meshhook_engine.observed(v_run, v_step, v_nodes[(v_open -> 'i')::int].spec, v_data);
      end if;
    else
      v_data := jsonb_build_object('due', v_open -> 'due');
      v_event := row('timer.fired', v_step, null, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact;
      v_logged := array[v_event];
    end if;
    if v_call.wait is null then
      v_decision := meshhook_engine.advance(
        v_run.id, v_run.request_id, v_graph, v_nodes, v_run.frontier, v_event, v_ctx, v_steps,
        v_run.seq + cardinality(v_logged), v_now, random(), interval '50 milliseconds');
    else
      v_decision := meshhook_engine.still_called(v_run.frontier, v_steps);
    end if;
    if v_run.status = 'paused' then
      v_decision.opened := case v_decision.opened[1] when '-' then array['-'] else '{}'::text[] end;  -- what came in is recorded; what it opens is nobody's before the run is resumed
    end if;
    v_held := (v_run.jobs ->> v_step)::bigint;
    v_jobs := v_run.jobs - v_step;
    v_place := meshhook_engine.place(
      v_run.id, v_run.project_id, v_decision, v_jobs, case when v_job = any (v_owned) then v_job else v_new_job end, v_held,
      case when (v_result -> 'take')::boolean then v_take else 0 end, v_nodes, v_now);
    v_take := v_take - v_place.taken;
    if v_call.wait is not null then
      v_place.waits := jsonb_build_array(v_call.wait);
    end if;
    v_change := meshhook_engine.change_of(v_run, v_decision, v_place, v_logged);
    if cardinality(v_changes) > 0 and v_changes[cardinality(v_changes)].run_id = v_run.id then
      v_changes[cardinality(v_changes)] := meshhook_engine.merge(v_changes[cardinality(v_changes)], v_change);
    else
      v_changes := v_changes || v_change;
    end if;

    -- The run as it stands now, for its next result in this group.
    v_run.seq := v_run.seq + cardinality(v_change.events);
    v_run.frontier := v_change.frontier;
    v_run.jobs := v_changes[cardinality(v_changes)].jobs;  -- as merged: a row made twice has become one
    v_new_job := v_changes[cardinality(v_changes)].new_job;
    v_run.status := v_change.status;
    if v_change.waits is not null then
      v_run.wake_at := v_now;
    end if;
    if v_decision.status <> 'running' then
      v_run.finished_at := v_now;
      foreach v_item in array v_given loop  -- opened by an earlier result of this group, and canceled in the same commit
        v_calls[v_item] := '[]'::jsonb;
      end loop;
    else
      if v_decision.opened[1] = '-' and v_given <> '{}' then  -- some of them given up
        foreach v_item in array v_given loop
          v_calls[v_item] := meshhook_engine.still_open(v_calls[v_item], v_run.frontier -> 'open');
        end loop;
      end if;
      if v_place.calls <> '[]' then
        v_given := v_given || v_order.ord;
      end if;
    end if;
    v_steps := v_decision.steps;

    v_verdicts[v_order.ord] := 'recorded';
    v_statuses[v_order.ord] := v_change.status;
    v_calls[v_order.ord] := v_place.calls;
  end loop;

  if v_press then
    select p.p_changes, p.p_calls into v_changes, v_calls from meshhook_engine.press(v_changes, v_calls, array_remove(v_seen, null), v_now) p;
  end if;
  if cardinality(v_changes) > 0 then
    perform meshhook_engine.write(v_changes || v_children, p_process, v_now);
  end if;
  if v_stale <> '{}' then
    -- A row that brought a stale result and holds nothing else has done its part.
    delete from meshhook_river.river_job j
    where j.id = any (v_stale) and not exists (select from unnest(v_changes) c where meshhook_engine.holds(c.jobs, j.id));
  end if;

  for k in 1 .. cardinality(p_results) loop
    item := k;
    verdict := v_verdicts[k];
    run_id := (p_results[k] ->> 'run')::uuid;
    status := v_statuses[k];
    calls := v_calls[k];
    return next;
  end loop;
end $$;
