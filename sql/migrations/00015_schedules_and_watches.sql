-- +goose Up
-- Runs that time starts: what is to start when, and what became of each due moment. Runs that a change of a table starts.

-- A cron text, read: the values that each field allows. Either: a day of month or a day of week is enough.
create type meshhook_engine.cron as (
  minutes  int[],
  hours    int[],
  days     int[],
  last_day boolean,             -- L: the last day of the month
  months   int[],
  weekdays int[],               -- 0 is Sunday
  either   boolean,
  every_ms bigint               -- @every: all others are null
);

create table meshhook.schedules (
  id           int generated always as identity primary key,
  project_id   int not null references meshhook.projects on delete cascade,
  name         text not null check (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  workflow_id  int not null references meshhook.workflows on delete cascade,
  cron         text not null,
  timezone     text not null,
  catch_up     text not null check (catch_up in ('none', 'last', 'all')),
  overlap      text not null check (overlap in ('allow', 'skip', 'cancel_old')),
  input        jsonb not null,
  state        text not null default 'active' check (state in ('active', 'paused')),
  anchor       timestamptz not null,
  next_due     timestamptz,
  last_due     timestamptz,
  last_at      timestamptz,
  last_run     uuid,
  last_outcome text,
  last_error   jsonb,
  started      bigint not null default 0,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (project_id, name)
) with (fillfactor = 70);
create index schedules_due on meshhook.schedules (next_due) where next_due is not null;
create index schedules_workflow on meshhook.schedules (workflow_id);
comment on table meshhook.schedules is 'What time starts: a workflow, by a cron text in a time zone. Read it as meshhook.schedule_list.';
comment on column meshhook.schedules.anchor is 'Since when the cron text holds: @every counts from here.';
comment on column meshhook.schedules.next_due is 'The next due moment; null while paused. Moved on under the row''s lock: a moment is dealt with once.';
comment on column meshhook.schedules.last_due is 'The last due moment dealt with.';
comment on column meshhook.schedules.last_at is 'When it was dealt with.';
comment on column meshhook.schedules.last_run is 'The run it started last: what overlap looks at.';
comment on column meshhook.schedules.last_outcome is 'What became of the last due moment: started, skipped, failed.';
comment on column meshhook.schedules.last_error is 'Why the last due moment started nothing, as {code, message}.';
comment on column meshhook.schedules.started is 'How many runs it has started.';

create table meshhook.schedule_runs (
  project_id  int not null,
  schedule_id int not null references meshhook.schedules on delete cascade,
  due_at      timestamptz not null,
  at          timestamptz not null,
  outcome     text not null check (outcome in ('started', 'skipped', 'failed')),
  run_id      uuid,
  error       jsonb,
  primary key (project_id, schedule_id, due_at)
);
create index schedule_runs_schedule on meshhook.schedule_runs (schedule_id);
create index schedule_runs_at on meshhook.schedule_runs (at);
comment on table meshhook.schedule_runs is
  'One row a due moment dealt with, whatever became of it; the key makes a second run of one moment impossible. Kept for 30 days.';
comment on column meshhook.schedule_runs.due_at is 'The due moment.';
comment on column meshhook.schedule_runs.at is 'When it was dealt with.';
comment on column meshhook.schedule_runs.outcome is 'started, skipped (overlap), or failed (the workflow could not be started).';
comment on column meshhook.schedule_runs.run_id is 'The run it started.';
comment on column meshhook.schedule_runs.error is 'Why it started nothing.';

-- What becomes of the due moments of one schedule; made by meshhook_engine.fire, written by wake_schedules.
create type meshhook_engine.fired as (
  schedule meshhook.schedules,        -- as it stands then
  changes  meshhook_engine.change[],  -- runs
  outcomes meshhook.schedule_runs[],  -- one a moment
  retry    boolean                    -- leave it as it is: a run it must cancel is in somebody's hands
);

create table meshhook.watched_tables (
  id          int generated always as identity primary key,
  project_id  int not null references meshhook.projects on delete cascade,
  workflow_id int not null references meshhook.workflows on delete cascade,
  relation    regclass not null,
  events      text[] not null check (events <> '{}' and events <@ '{insert,update,delete,truncate}'),
  condition   text,
  key         text,
  batch       int not null check (batch between 1 and 1000),
  created_by  text,
  created_at  timestamptz not null default now(),
  last_error  jsonb,
  unique (relation, workflow_id)
);
create index watched_tables_project on meshhook.watched_tables (project_id, id);
create index watched_tables_workflow on meshhook.watched_tables (workflow_id);
comment on table meshhook.watched_tables is 'Tables whose changes start a workflow. Read it as meshhook.watch_list; triggers on the tables do the work.';
comment on column meshhook.watched_tables.relation is 'The table.';
comment on column meshhook.watched_tables.events is 'Which changes: insert, update, delete, truncate.';
comment on column meshhook.watched_tables.condition is 'SQL over new and old, the WHEN of the triggers.';
comment on column meshhook.watched_tables.key is 'The column whose value becomes the business key of the run.';
comment on column meshhook.watched_tables.batch is '1: a run a row; more: a run for as many rows of one statement.';
comment on column meshhook.watched_tables.last_error is 'Why a change started nothing, the last time one did.';

create table meshhook.watched_changes (
  project_id int not null,
  watch_id   int not null references meshhook.watched_tables on delete cascade,
  id         bigint generated always as identity,
  tx         xid8 not null,
  change     jsonb not null,
  primary key (project_id, watch_id, tx, id)
);
create index watched_changes_watch on meshhook.watched_changes (watch_id);
comment on table meshhook.watched_changes is
  'Changed rows of a statement until they are put together into runs: empty but for transactions under way.';
comment on column meshhook.watched_changes.tx is 'The transaction that changed them.';
comment on column meshhook.watched_changes.change is '{op, new, old}';
