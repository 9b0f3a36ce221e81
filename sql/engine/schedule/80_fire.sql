-- What becomes of the due moments of one schedule: runs to be written, one row for each moment, and the schedule as it
-- stands then.
-- A workflow that cannot be started ends up in the outcomes; what nobody has thought of is raised. Writes nothing but what
-- new_run does.
-- Locks: the run that is to be canceled, skip locked. Called by: wake_schedules.
create or replace function meshhook_engine.fire(p_schedule meshhook.schedules, p_limit int, p_now timestamptz)
returns meshhook_engine.fired
language plpgsql volatile as $$
declare
  v_schedule meshhook.schedules := p_schedule;
  r          meshhook_engine.fired;
  v_moments  timestamptz[];
  v_known    timestamptz[];
  v_due      timestamptz;
  v_target   record;
  v_open     boolean;
  v_old      meshhook.runs;
  v_run      uuid;
  v_change   meshhook_engine.change;
  v_error    jsonb;
  v_outcome  text;
  v_changes  meshhook_engine.change[] := '{}'::meshhook_engine.change[];  -- variables of their own: a field of r is copied at each append
  v_outcomes meshhook.schedule_runs[] := '{}'::meshhook.schedule_runs[];
begin
  r.retry := false;
  select m.moments, m.next_due into v_moments, v_schedule.next_due from meshhook_engine.moments_to_run(v_schedule, p_limit, p_now) m;
  if v_moments = '{}' then
    r.schedule := v_schedule;
    return r;
  end if;

  v_known := array(
    select k.due_at from meshhook.schedule_runs k
    where k.project_id = v_schedule.project_id and k.schedule_id = v_schedule.id and k.due_at = any (v_moments));
  select t.* into v_target from meshhook_engine.targets(array[v_schedule.workflow_id]) t;
  if v_target.workflow_id is null then
    select case when w.enabled then jsonb_build_object('code', 'MH_NOT_PUBLISHED', 'message', format('Workflow %s has no published version.', w.name))
                else jsonb_build_object('code', 'MH_WORKFLOW_DISABLED', 'message', format('Workflow %s is disabled.', w.name)) end
    into v_error
    from meshhook.workflows w where w.id = v_schedule.workflow_id;
  end if;
  if v_error is null then
    begin
      perform meshhook_engine.require_input(v_target.graph, v_schedule.input);
    exception
      when others then  -- an evaluation: nothing is written in here
        v_error := jsonb_build_object('code', coalesce(substring(sqlerrm from '^(MH_[A-Z_]+):'), 'MH_INTERNAL'), 'message', sqlerrm);
    end;
  end if;
  v_open := v_schedule.overlap <> 'allow' and exists (select from meshhook.runs k where k.id = v_schedule.last_run and k.finished_at is null);
  if v_open and v_schedule.overlap = 'cancel_old' and v_error is null then
    select * into v_old from meshhook.runs k where k.id = v_schedule.last_run for no key update skip locked;
    if v_old.id is null then
      r.retry := true;
      return r;
    end if;
  end if;

  foreach v_due in array v_moments loop
    continue when v_due = any (v_known);
    v_run := null;
    v_outcome := 'started';
    if v_error is not null then
      v_outcome := 'failed';
    elsif v_schedule.overlap = 'skip' and v_open or v_schedule.overlap = 'cancel_old' and v_due < v_moments[cardinality(v_moments)] then
      v_outcome := 'skipped';
    else
      v_run := meshhook_engine.uuid_v7(p_now);
      v_change := meshhook_engine.new_run(
        v_run, v_schedule.project_id, v_target.workflow_id, v_target.name, v_target.version_id, v_target.version, v_target.graph,
        v_target.nodes, 'schedule',
        jsonb_build_object(
          'body', v_schedule.input, 'received_at', meshhook_engine.iso(p_now), 'headers', '{}'::jsonb, 'query', '{}'::jsonb,
          'schedule', v_schedule.name, 'due_at', meshhook_engine.iso(v_due)),
        null, null, p_now);
      if v_old.id is not null and v_old.finished_at is null then
        v_changes := v_changes || meshhook_engine.ended_from_outside(v_old, 'canceled', jsonb_build_object(
          'code', 'MH_CANCELED', 'message', format('The next run of schedule %s was due.', v_schedule.name), 'by', 'schedule'));
        v_old.finished_at := p_now;
      end if;
      v_changes := v_changes || v_change;
      v_open := v_change.status in ('running', 'waiting', 'paused');
      v_schedule.last_run := v_run;
      v_schedule.started := v_schedule.started + 1;
    end if;
    v_outcomes := v_outcomes || row(
      v_schedule.project_id, v_schedule.id, v_due, p_now, v_outcome, v_run, case when v_outcome = 'failed' then v_error end)::meshhook.schedule_runs;
    v_schedule.last_due := v_due;
    v_schedule.last_at := p_now;
    v_schedule.last_outcome := v_outcome;
    v_schedule.last_error := case when v_outcome = 'failed' then v_error end;
  end loop;
  r.schedule := v_schedule;
  r.changes := v_changes;
  r.outcomes := v_outcomes;
  return r;
end $$;
