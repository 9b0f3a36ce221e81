-- Makes a schedule, or replaces the one of that name: what it started is kept, a paused one stays paused. With the same cron text
-- and time zone as before the next due moment stays what it was; with others it is reckoned from now.
-- Locks: the schedule's row. Notifies nobody: every process looks about once a second.
create or replace function meshhook.add_schedule(
  project text, workflow text, name text, cron text, timezone text default 'UTC', catch_up text default 'last',
  overlap text default 'allow', input jsonb default '{}')
returns timestamptz
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_now      timestamptz := meshhook_engine.clock();
  v_project  int := meshhook_engine.require(project, 'edit');
  v_workflow int := meshhook_engine.require_workflow(v_project, workflow);
  v_cron     meshhook_engine.cron := meshhook_engine.parse_cron(add_schedule.cron);
  v_zone     text := meshhook_engine.check_timezone(add_schedule.timezone);
  v_anchor   timestamptz := date_trunc('second', v_now);
  v_next     timestamptz := meshhook_engine.due_after(v_cron, v_zone, v_anchor, v_now);
begin
  if add_schedule.name is null or add_schedule.name !~ '^[a-z0-9][a-z0-9_-]{0,62}$' then
    raise exception using
      errcode = 'MH400',
      message = format('MH_SCHEDULE_NAME: %s is no name for a schedule', coalesce(quote_literal(left(add_schedule.name, 100)), 'null')),
      detail = '{"code": "MH_SCHEDULE_NAME"}',
      hint = 'Lower case letters, digits, - and _, 63 at most, a letter or digit first.';
  end if;
  if v_next is null then
    perform meshhook_engine.refuse_cron('MH_CRON_NEVER', length(substring(add_schedule.cron from '^[ \t]*[^ \t]+[ \t]+[^ \t]+[ \t]+')) + 1,
      format('%s never falls due', quote_literal(add_schedule.cron)), 'There is no such day in the months given.');
  end if;
  if add_schedule.catch_up is null or add_schedule.catch_up not in ('none', 'last', 'all') then
    raise exception using
      errcode = 'MH400',
      message = format('MH_SCHEDULE_CATCH_UP: %s is no way to catch up', coalesce(quote_literal(left(add_schedule.catch_up, 60)), 'null')),
      detail = '{"code": "MH_SCHEDULE_CATCH_UP"}',
      hint = 'none: what was missed is left out; last: one run stands for it; all: each missed moment is run.';
  end if;
  if add_schedule.overlap is null or add_schedule.overlap not in ('allow', 'skip', 'cancel_old') then
    raise exception using
      errcode = 'MH400',
      message = format('MH_SCHEDULE_OVERLAP: %s is no overlap policy', coalesce(quote_literal(left(add_schedule.overlap, 60)), 'null')),
      detail = '{"code": "MH_SCHEDULE_OVERLAP"}',
      hint = 'allow: runs go on side by side; skip: none is started while the last one is open; cancel_old: the last one is canceled.';
  end if;
  if octet_length(add_schedule.input::text) > 1048576 then
    raise exception using
      errcode = 'MH400',
      message = format('MH_SCHEDULE_INPUT: the input has %s bytes, at most 1048576 are allowed', octet_length(add_schedule.input::text)),
      detail = '{"code": "MH_SCHEDULE_INPUT"}',
      hint = 'It is copied into every run; keep it small.';
  end if;

  insert into meshhook.schedules as s (project_id, name, workflow_id, cron, timezone, catch_up, overlap, input, anchor, next_due)
  values (
    v_project, add_schedule.name, v_workflow, add_schedule.cron, v_zone, add_schedule.catch_up, add_schedule.overlap,
    coalesce(add_schedule.input, 'null'), v_anchor, v_next)
  on conflict (project_id, name) do update
  set workflow_id = excluded.workflow_id, catch_up = excluded.catch_up, overlap = excluded.overlap, input = excluded.input,
      cron = excluded.cron, timezone = excluded.timezone, updated_at = now(),
      anchor = case when (s.cron, s.timezone) = (excluded.cron, excluded.timezone) then s.anchor else excluded.anchor end,
      next_due = case when s.state = 'paused' then null
                      when (s.cron, s.timezone) = (excluded.cron, excluded.timezone) then s.next_due else excluded.next_due end
  returning s.next_due into v_next;
  return v_next;
end $$;
comment on function meshhook.add_schedule(text, text, text, text, text, text, text, jsonb) is
  'Starts a workflow by the clock: cron text (or @every 15m), time zone, what to do about missed moments (none, last, all) and about a run that is still open (allow, skip, cancel_old). Replaces the schedule of that name. Returns the next due moment.';
