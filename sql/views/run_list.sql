-- Runs, newest first when ordered by id desc (uuid v7 = time). Read by psql, the CLI and the API.
-- statement_timestamp, not clock_timestamp: over a volatile column the planner sorts all runs instead of reading the newest by index.
create or replace view meshhook.run_list with (security_invoker = true) as
select
  r.id,
  p.slug as project,
  w.name as workflow,
  v.version,
  r.status,
  r.business_key,
  r.trigger,
  r.started_at,
  r.finished_at,
  coalesce(r.finished_at, statement_timestamp()) - r.started_at as duration,
  (select max((o.value -> 'a')::int) from jsonb_each(r.frontier -> 'open') o) as attempts,
  (select string_agg(o.key, ', ' order by o.key) from jsonb_each(r.frontier -> 'open') o) as current_step,
  r.error ->> 'code' as error_code,
  r.error ->> 'message' as error_message,
  r.output,
  r.parent_id,
  r.origin_id,
  nullif(r.wake_at, 'infinity') as wake_at,
  r.seq,
  r.request_id
from meshhook.runs r
join meshhook.projects p on p.id = r.project_id
join meshhook.workflows w on w.id = r.workflow_id
join meshhook.workflow_versions v on v.id = r.version_id;
comment on view meshhook.run_list is 'Runs with their workflow, version, state, and where they stand. Newest first: order by id desc.';
comment on column meshhook.run_list.id is 'The run; a uuid v7, so ids sort by start.';
comment on column meshhook.run_list.project is 'Slug of the project.';
comment on column meshhook.run_list.workflow is 'Name of the workflow.';
comment on column meshhook.run_list.version is 'The version the run is pinned to.';
comment on column meshhook.run_list.status is 'running, waiting, paused, succeeded, failed or canceled.';
comment on column meshhook.run_list.business_key is 'The caller''s own key for the run, if one was given.';
comment on column meshhook.run_list.trigger is 'What started it: webhook, manual, sql, schedule, rerun, error, call.';
comment on column meshhook.run_list.started_at is 'When it started.';
comment on column meshhook.run_list.finished_at is 'When it ended; null while it is open.';
comment on column meshhook.run_list.duration is 'From start to end, or to now while it is open.';
comment on column meshhook.run_list.attempts is 'Of the calls open now, the highest attempt.';
comment on column meshhook.run_list.current_step is 'Steps open now: calls, timers, signals and approvals awaited.';
comment on column meshhook.run_list.error_code is 'Code of the error that ended it.';
comment on column meshhook.run_list.error_message is 'That error in words.';
comment on column meshhook.run_list.output is 'Output of the run.';
comment on column meshhook.run_list.parent_id is 'The run that called this one.';
comment on column meshhook.run_list.origin_id is 'The run that this one repeats, or whose failure it deals with.';
comment on column meshhook.run_list.wake_at is 'When a waiting run goes on by itself.';
comment on column meshhook.run_list.seq is 'Number of its last event.';
comment on column meshhook.run_list.request_id is 'The webhook that started it.';
