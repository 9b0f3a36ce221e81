create or replace view meshhook.schedule_list with (security_invoker = true) as
select
  p.slug as project,
  s.name,
  w.name as workflow,
  s.cron,
  s.timezone,
  s.state,
  s.next_due,
  s.last_due,
  s.last_outcome,
  s.last_run,
  r.status as last_status,
  s.last_error ->> 'code' as error_code,
  s.last_error ->> 'message' as error_message,
  s.started,
  s.catch_up,
  s.overlap,
  s.input,
  s.created_at,
  s.updated_at
from meshhook.schedules s
join meshhook.projects p on p.id = s.project_id
join meshhook.workflows w on w.id = s.workflow_id
left join meshhook.runs r on r.id = s.last_run;

comment on view meshhook.schedule_list is 'Schedules: when each falls due next, and what became of it last. What became of each moment is in meshhook.schedule_runs.';
comment on column meshhook.schedule_list.project is 'Slug of the project.';
comment on column meshhook.schedule_list.name is 'Name, unique in the project.';
comment on column meshhook.schedule_list.workflow is 'The workflow it starts.';
comment on column meshhook.schedule_list.cron is 'When: five cron fields, @daily and the like, or @every <duration>.';
comment on column meshhook.schedule_list.timezone is 'The time zone that the cron text is read in.';
comment on column meshhook.schedule_list.state is 'active or paused.';
comment on column meshhook.schedule_list.next_due is 'When it falls due next; null while it is paused.';
comment on column meshhook.schedule_list.last_due is 'The last due moment dealt with.';
comment on column meshhook.schedule_list.last_outcome is 'What became of it: started, skipped (the run before was open), failed (nothing could be started).';
comment on column meshhook.schedule_list.last_run is 'The run it started last.';
comment on column meshhook.schedule_list.last_status is 'Status of that run.';
comment on column meshhook.schedule_list.error_code is 'Why the last due moment started nothing.';
comment on column meshhook.schedule_list.error_message is 'The same in words.';
comment on column meshhook.schedule_list.started is 'How many runs it has started.';
comment on column meshhook.schedule_list.catch_up is 'What becomes of missed moments: none, last (one run for all), all.';
comment on column meshhook.schedule_list.overlap is 'While its last run is open: allow another, skip, or cancel_old.';
comment on column meshhook.schedule_list.input is 'What runs get as trigger.body.';
comment on column meshhook.schedule_list.created_at is 'When it was made.';
comment on column meshhook.schedule_list.updated_at is 'When somebody last changed it.';
