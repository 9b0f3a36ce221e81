-- Rebuilds the queue from the runs: a queue row for every open step that is due and held by none, a wait for every open step
-- that is not due. Losing every row of the queue and of the waits loses nothing. Returns how many runs it put right.
-- Locks: runs in id order, then waits, then river_job rows.
-- Called by: an operator, after a restore or a clean-out of the queue.
create or replace function meshhook.requeue() returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_now   timestamptz := meshhook_engine.clock();
  v_run   meshhook.runs;
  v_jobs  jsonb;
  v_job   bigint;
  v_step  text;
  v_due   bigint;
  v_held  boolean;
  v_fixed int := 0;
  v_wrong boolean;
begin
  perform meshhook_engine.require_operator();
  for v_run in
    select * from meshhook.runs r where r.finished_at is null and r.status <> 'paused' order by r.id for no key update
  loop
    v_jobs := '{}';
    v_job := null;
    v_wrong := false;
    for v_step, v_due in
      select o.key, coalesce((o.value -> 'due')::bigint, 0) from jsonb_each(v_run.frontier -> 'open') o
      union all
      select '*', 0 where v_run.frontier ? 'rest'
      order by 1
    loop
      v_held := exists (
        select from meshhook_river.river_job j
        where j.id = (v_run.jobs ->> v_step)::bigint and j.state in ('available', 'running', 'scheduled', 'retryable', 'pending'));
      if v_held then
        v_jobs := v_jobs || jsonb_build_object(v_step, v_run.jobs -> v_step);
      elsif v_due > (extract(epoch from v_now) * 1000)::bigint then
        insert into meshhook.waits (run_id, step, kind, due_at, project_id)
        select v_run.id, v_step, case when v_run.frontier #> array['open', v_step, 'a'] is not null then 'retry' else 'timer' end,
               to_timestamp(v_due / 1000.0), v_run.project_id
        on conflict do nothing;
        v_wrong := v_wrong or found;
      elsif not exists (select from meshhook.waits w where w.run_id = v_run.id and w.step = v_step) then
        v_job := coalesce(v_job, nextval('meshhook_river.river_job_id_seq'));
        v_jobs := v_jobs || jsonb_build_object(v_step, v_job);
        v_wrong := true;
      end if;
    end loop;
    continue when not v_wrong;
    v_fixed := v_fixed + 1;
    update meshhook.runs r
    set jobs = nullif(v_jobs, '{}'), wake_at = meshhook_engine.first_due(v_run.frontier, v_jobs),
        status = case when v_jobs = '{}' then 'waiting' else 'running' end::meshhook.run_status
    where r.id = v_run.id;
    if v_job is not null then
      insert into meshhook_river.river_job (id, kind, args, queue, max_attempts, state, scheduled_at)
      values (v_job, 'run', jsonb_build_object('run_id', v_run.id), 'default', 25, 'available', clock_timestamp());
    end if;
  end loop;
  if v_fixed > 0 then
    perform pg_notify('meshhook_river.river_insert', '{"queue":"default"}');
  end if;
  perform meshhook_engine.audit(null, 'queue.rebuilt', null, jsonb_build_object('runs', v_fixed));
  return v_fixed;
end $$;
comment on function meshhook.requeue() is 'Rebuilds queue rows and timers from the runs; returns how many runs it put right.';
