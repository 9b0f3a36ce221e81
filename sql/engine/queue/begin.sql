-- The open calls that claimed queue rows hold, ready to be made; no answer for a row that holds nothing any more (its run
-- ended, was canceled, or went on elsewhere): the worker lets such a row finish.
-- Reads only: the claim itself is the lease, and deliver is the fence. But for rows of paused runs: those are let go of, so that
-- nobody counts on a row that its worker is about to finish (see park); and for calls that have to ask a breaker or a rate
-- before they go (see begin_pressed).
-- Called by: the worker, grouped, for jobs claimed through River.
create or replace function meshhook_engine.begin(p_process int, p_jobs bigint[])
returns table (job bigint, run_id uuid, calls jsonb)
language plpgsql security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  v_now   timestamptz := meshhook_engine.clock();
  v_jobs  bigint[];
  v_runs  uuid[];
  v_calls jsonb[];
  v_asks  boolean;
  v_empty bigint[];  -- rows not answered
begin
  select array_agg(g.job), array_agg(g.run), array_agg(g.calls), bool_or(g.asks) into v_jobs, v_runs, v_calls, v_asks
  from (
    select j.id as job, r.id as run, jsonb_agg(
             meshhook_engine.work_item(
               r.id, r.project_id, j.id, h.step, r.frontier -> 'open' -> h.step,
               v.compiled -> 'nodes' -> ((r.frontier #> array['open', h.step, 'i'])::int - 1),
               case when r.frontier #> array['open', h.step, 'a'] is not null
                 then meshhook_engine.intent(r.id, h.step, (r.frontier #> array['open', h.step, 'q'])::int, null) end,
               v_now)
             order by h.step) as calls,
           bool_or(v.compiled ? 'asks' or coalesce(p.limits ? 'calls', false)) as asks
    from unnest(p_jobs) claimed(id)
    cross join lateral (select k.id, k.args from meshhook_river.river_job k where k.id = claimed.id offset 0) j  -- a lookup each, whatever the planner thinks
    join meshhook.runs r on r.id = (j.args ->> 'run_id')::uuid
    join meshhook.workflow_versions v on v.id = r.version_id
    join meshhook.projects p on p.id = r.project_id
    cross join lateral jsonb_each_text(r.jobs) h(step, job)
    where r.status = 'running' and h.job = j.id::text
    group by j.id, r.id
  ) g;
  v_empty := case when cardinality(v_jobs) = cardinality(p_jobs) then '{}'
    else array(select j from unnest(p_jobs) j where j <> all (coalesce(v_jobs, '{}'))) end;
  if v_asks then
    v_calls := meshhook_engine.begin_pressed(p_process, v_calls, v_empty, v_now);
  end if;
  return query select x.job, x.run, x.calls from unnest(v_jobs, v_runs, v_calls) x(job, run, calls) where x.calls <> '[]';
  if v_empty <> '{}' then
    v_jobs := meshhook_engine.park(v_empty);
    if v_jobs <> '{}' then
      return query select b.job, b.run_id, b.calls from meshhook_engine.begin(p_process, v_jobs) b;
    end if;
    perform meshhook_engine.nudged(p_process, v_empty, v_now);
  end if;
end $$;
