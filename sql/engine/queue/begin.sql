-- The open calls that claimed queue rows hold, ready to be made; no answer for a row that holds nothing any more (its run
-- ended, was canceled, or went on elsewhere): the worker lets such a row finish.
-- Reads only: the claim itself is the lease, and deliver is the fence. But for rows of paused runs: those are let go of, so that
-- nobody counts on a row that its worker is about to finish (see park).
-- Called by: the worker, grouped, for jobs claimed through River.
create or replace function meshhook_engine.begin(p_process int, p_jobs bigint[])
returns table (job bigint, run_id uuid, calls jsonb)
language plpgsql security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  v_now   timestamptz := meshhook_engine.clock();
  v_empty bigint[] := p_jobs;  -- rows not answered
begin
  for job, run_id, calls in
    select j.id, r.id, jsonb_agg(
             meshhook_engine.work_item(
               r.id, r.project_id, j.id, h.step, r.frontier -> 'open' -> h.step,
               v.compiled -> 'nodes' -> ((r.frontier #> array['open', h.step, 'i'])::int - 1),
               case when r.frontier #> array['open', h.step, 'a'] is not null
                 then meshhook_engine.intent(r.id, h.step, (r.frontier #> array['open', h.step, 'q'])::int, null) end,
               v_now)
             order by h.step)
    from unnest(p_jobs) claimed(id)
    join meshhook_river.river_job j on j.id = claimed.id
    join meshhook.runs r on r.id = (j.args ->> 'run_id')::uuid
    join meshhook.workflow_versions v on v.id = r.version_id
    cross join lateral jsonb_each_text(r.jobs) h(step, job)
    where r.status = 'running' and h.job = j.id::text
    group by j.id, r.id
  loop
    v_empty := array_remove(v_empty, job);
    return next;
  end loop;
  if v_empty <> '{}' then
    v_empty := meshhook_engine.park(v_empty);
    if v_empty <> '{}' then
      return query select b.job, b.run_id, b.calls from meshhook_engine.begin(p_process, v_empty) b;
    end if;
  end if;
end $$;
