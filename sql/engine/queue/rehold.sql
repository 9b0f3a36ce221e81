-- Sees to it that every open step of a run has somebody: a queue row for each that is due and held by none, a wait for each
-- that is not due. What is held by a row that is there stays as it is. Writes the run when something was wrong; answers that.
-- A step that waits for a signal or an approval gets its wait again. One that waits for something else than these, a moment or a
-- worker (neither attempt nor due nor a called run) is left alone.
-- The caller holds the run's lock. Locks: waits, then river_job rows. Notifies: meshhook_river.river_insert with a new row.
-- Called by: requeue, resume, retry, skip_step.
create or replace function meshhook_engine.rehold(p_run meshhook.runs, p_now timestamptz) returns boolean
language plpgsql volatile as $$
declare
  v_now   bigint := (extract(epoch from p_now) * 1000)::bigint;
  v_jobs  jsonb := '{}';
  v_job   bigint;
  v_step  text;
  v_open  jsonb;
  v_wrong boolean := false;
begin
  for v_step, v_open in
    select o.key, o.value from jsonb_each(p_run.frontier -> 'open') o
    union all
    select '*', '{"rest": true}' where p_run.frontier ? 'rest'
    order by 1
  loop
    if exists (
      select from meshhook_river.river_job j
      where j.id = (p_run.jobs ->> v_step)::bigint and j.state in ('available', 'running', 'scheduled', 'retryable', 'pending'))
    then
      v_jobs := v_jobs || jsonb_build_object(v_step, p_run.jobs -> v_step);
    elsif v_open ? 's' then
      insert into meshhook.waits (run_id, step, kind, signal, key, due_at, project_id)
      select p_run.id, v_step, w ->> 'kind', w ->> 'signal', w ->> 'key', coalesce(to_timestamp((w ->> 'due')::bigint / 1000.0), 'infinity'), p_run.project_id
      from meshhook_engine.wait_of(v_step, v_open, v_now) w
      on conflict do nothing;
      v_wrong := v_wrong or found;
    elsif (v_open -> 'due')::bigint > v_now or (v_step = '*' and v_open ? 'due') then  -- * with a due: a start put off, which only a timer begins
      insert into meshhook.waits (run_id, step, kind, due_at, project_id)
      values (p_run.id, v_step, case when v_open ? 'a' then 'retry' else 'timer' end, to_timestamp((v_open -> 'due')::bigint / 1000.0), p_run.project_id)
      on conflict do nothing;
      v_wrong := v_wrong or found;
    elsif v_step = '*' and v_open = '{}' then  -- held back; begins by a timer of its own once it may
      v_wrong := meshhook_engine.rehold_start(p_run, p_now) or v_wrong;
    elsif v_open ?| array['a', 'due', 'rest', 'c'] and not exists (select from meshhook.waits w where w.run_id = p_run.id and w.step = v_step) then
      v_job := coalesce(v_job, nextval('meshhook_river.river_job_id_seq'));
      v_jobs := v_jobs || jsonb_build_object(v_step, v_job);
      v_wrong := true;
    end if;
  end loop;
  if not v_wrong and v_jobs = coalesce(p_run.jobs, '{}') then
    return false;
  end if;
  update meshhook.runs r
  set jobs = nullif(v_jobs, '{}'), wake_at = meshhook_engine.first_due(p_run.frontier, v_jobs, null, p_run.wake_at),
      status = case when v_jobs = '{}' then 'waiting' else 'running' end::meshhook.run_status
  where r.id = p_run.id;
  if v_job is not null then
    insert into meshhook_river.river_job (id, kind, args, queue, max_attempts, state, scheduled_at, priority)
    values (v_job, 'run', jsonb_build_object('run_id', p_run.id, 'project', p_run.project_id), 'default', 25, 'available', meshhook_engine.turn(p_run.project_id), 2);
    perform pg_notify('meshhook_river.river_insert', '{"queue":"default"}');
  end if;
  return true;
end $$;
