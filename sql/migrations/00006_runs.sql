-- +goose Up
-- Runs, their append-only log, the bodies kept beside it, and what they wait for.

create type meshhook.run_status as enum ('running', 'waiting', 'paused', 'succeeded', 'failed', 'canceled');

create type meshhook.event_type as enum (
  'run.started', 'segment.decided',
  'call.scheduled', 'call.attempted', 'call.succeeded', 'call.failed', 'retry.scheduled',
  'timer.set', 'timer.fired', 'signal.awaited', 'signal.received',
  'loop.started', 'child.started', 'child.finished',
  'run.paused', 'run.resumed', 'run.succeeded', 'run.failed', 'run.canceled', 'run.retried', 'run.continued');

-- Small and updated in place: no index holds a column that changes during a run, so every update stays HOT.
create table meshhook.runs (
  id            uuid not null,
  started_at    timestamptz not null,
  finished_at   timestamptz,
  wake_at       timestamptz,
  deadline_at   timestamptz,
  watched_until timestamptz,
  project_id    int not null,
  workflow_id   int not null,
  version_id    int not null,
  seq           int not null,
  status        meshhook.run_status not null,
  engine        smallint not null default 1,
  trigger       text not null,
  request_id    uuid,
  parent_id     uuid,
  origin_id     uuid,
  business_key  text,
  frontier      jsonb not null,
  jobs          jsonb,
  output        jsonb,
  error         jsonb,
  primary key (id)
) partition by range (id);
create index runs_project on meshhook.runs (project_id, id);
create index runs_workflow on meshhook.runs (workflow_id, id);
create index runs_business_key on meshhook.runs (project_id, business_key, id) where business_key is not null;
create index runs_deadline on meshhook.runs (deadline_at) where deadline_at is not null;
create index runs_parent on meshhook.runs (parent_id) where parent_id is not null;
create index runs_origin on meshhook.runs (origin_id) where origin_id is not null;
comment on table meshhook.runs is 'One execution of one version: a snapshot of what its events say. Partitioned by week of the id (uuid v7).';
comment on column meshhook.runs.seq is 'Number of the last event.';
comment on column meshhook.runs.frontier is 'Where the run stands: a letter a node (n), a letter an edge (e), the seq that holds each output (q), what is open (open).';
comment on column meshhook.runs.jobs is 'Which queue row holds which open call: step to job id. A lease, not state; rebuilt by meshhook.requeue().';
comment on column meshhook.runs.trigger is 'What started the run: webhook, manual, sql, schedule, rerun, call.';
comment on column meshhook.runs.wake_at is 'The next moment at which a waiting run goes on by itself.';
comment on column meshhook.runs.watched_until is 'Until when somebody watches: new events of the run are notified.';

create table meshhook.events (
  run_id     uuid not null,
  at         timestamptz not null,
  seq        int not null,
  project_id int not null,
  type       meshhook.event_type not null,
  attempt    smallint,
  step       text,
  data       jsonb not null,
  digest     bytea,
  primary key (run_id, seq)
) partition by range (run_id);
comment on table meshhook.events is 'The log: every fact of every run, append-only, gapless by seq.';
comment on column meshhook.events.data is 'The fact, field by field in docs/events.md; {"payload": size} when the body stands in payloads.';
comment on column meshhook.events.digest is 'sha256 of the data, on facts that came from outside and cannot be derived again.';

create table meshhook.payloads (
  run_id     uuid not null,
  seq        int not null,
  project_id int not null,
  data       jsonb not null,
  primary key (run_id, seq)
) partition by range (run_id);
comment on table meshhook.payloads is 'Event data over 8 KB, kept out of the log so that reading the log stays cheap.';

create table meshhook.waits (
  run_id     uuid not null,
  step       text not null,
  kind       text not null check (kind in ('retry', 'timer')),
  due_at     timestamptz not null,
  project_id int not null,
  primary key (run_id, step)
);
create index waits_due on meshhook.waits (due_at);
create index waits_project on meshhook.waits (project_id);
comment on table meshhook.waits is 'Timers that no process waits for itself: retries and delays of two seconds and more.';

create table meshhook.idempotency_keys (
  project_id int not null references meshhook.projects on delete cascade,
  key        text not null,
  run_id     uuid not null,
  created_at timestamptz not null default now(),
  primary key (project_id, key)
);
create index idempotency_keys_created on meshhook.idempotency_keys (created_at);
comment on table meshhook.idempotency_keys is 'Keys given to meshhook.start: the same key in a project starts one run.';

-- +goose StatementBegin
do $$
declare
  v_table text;
begin
  foreach v_table in array array['runs', 'events', 'payloads', 'requests'] loop
    execute format('alter table meshhook.%I enable row level security, force row level security', v_table);
  end loop;
end $$;
-- +goose StatementEnd
