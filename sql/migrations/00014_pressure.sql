-- +goose Up
-- Back-pressure: breakers of destinations, rates of calls, slots of concurrency keys, caps of projects.

alter table meshhook.projects add column limits jsonb;
comment on column meshhook.projects.limits is 'Limits set by meshhook.set_limit, shown by meshhook.limit_list; null: none, and then nothing asks.';

alter table meshhook.waits add column gate text;
create index waits_gate on meshhook.waits (project_id, gate) where gate is not null;
create index waits_breaker on meshhook.waits (due_at) where gate like 'breaker:%';
comment on column meshhook.waits.gate is 'What a call waits for that could go by itself: breaker:<key> or rate:<destination>. Null for retries and delays.';

-- One row a destination that has had trouble. Updated in place: no index holds a column that changes.
create table meshhook.breakers (
  project_id      int not null references meshhook.projects on delete cascade,
  key             text not null,
  state           text not null default 'closed' check (state in ('closed', 'open', 'half_open')),
  failures        int not null default 0,
  window_start    timestamptz,
  window_calls    int not null default 0,
  window_failures int not null default 0,
  opened_at       timestamptz,
  open_until      timestamptz,
  probe_run       uuid,
  probe_step      text,
  probe_until     timestamptz,
  opens           int not null default 0,
  cause           text,
  updated_at      timestamptz not null default now(),
  primary key (project_id, key)
) with (fillfactor = 70);
comment on table meshhook.breakers is 'Circuit state of destinations that have had trouble; no row is a closed breaker. Read it as meshhook.breaker_state.';
comment on column meshhook.breakers.key is 'The breaker''s key: as the node gives it, else the host of the url.';
comment on column meshhook.breakers.state is 'closed: calls go; open: none goes; half_open: one goes, as a probe.';
comment on column meshhook.breakers.failures is 'Failures in a row.';
comment on column meshhook.breakers.window_start is 'Since when calls are counted for a failure rate.';
comment on column meshhook.breakers.window_calls is 'Calls since then.';
comment on column meshhook.breakers.window_failures is 'Of these, the failed ones.';
comment on column meshhook.breakers.opened_at is 'When it last opened.';
comment on column meshhook.breakers.open_until is 'When a probe may go; infinity: not before somebody resets it.';
comment on column meshhook.breakers.probe_run is 'The run whose call is the probe.';
comment on column meshhook.breakers.probe_step is 'The step of that call.';
comment on column meshhook.breakers.probe_until is 'When the probe counts as lost and another may go.';
comment on column meshhook.breakers.opens is 'How often it has opened.';
comment on column meshhook.breakers.cause is 'Why it last changed.';

-- Where each rate stands. Unlogged: a crash empties it, and an empty bucket only grants the burst once more.
create unlogged table meshhook.rate_buckets (
  project_id int not null,
  key        text not null,
  next_at    timestamptz not null,
  primary key (project_id, key)
) with (fillfactor = 50);
comment on table meshhook.rate_buckets is 'Rates of outgoing calls as they stand (GCRA), one row a limit in use. Emptied by a crash, which is safe.';
comment on column meshhook.rate_buckets.key is 'Host of the destination; empty for the project as a whole.';
comment on column meshhook.rate_buckets.next_at is 'The theoretical arrival time: when the rate would be used up to the last call let go.';

-- Calls that have been told when they may go, so that they need not ask a second time.
create unlogged table meshhook.rate_grants (
  run_id     uuid not null,
  step       text not null,
  attempt    int not null,
  project_id int not null,
  go_at      timestamptz not null,
  primary key (run_id, step)
);
create index rate_grants_project on meshhook.rate_grants (project_id, go_at);
comment on table meshhook.rate_grants is 'Calls that wait for the moment their rate gave them. Emptied by a crash: they ask again.';
comment on column meshhook.rate_grants.run_id is 'Run of the call.';
comment on column meshhook.rate_grants.step is 'Its step.';
comment on column meshhook.rate_grants.attempt is 'Its attempt.';
comment on column meshhook.rate_grants.go_at is 'When it may go.';

-- Runs that hold a slot of a concurrency key or wait for one, and starts that wait for quiet (debounce).
create table meshhook.concurrency_slots (
  run_id      uuid primary key,
  n           bigint generated always as identity,
  project_id  int not null references meshhook.projects on delete cascade,
  workflow_id int not null,
  state       text not null check (state in ('delayed', 'quiet', 'queued', 'held')),
  key         text,
  max_runs    int,
  on_limit    text,
  quiet_key   text,
  quiet_ms    bigint,
  keep        text,
  asked_at    timestamptz not null,
  due_at      timestamptz,
  latest_at   timestamptz,
  held_at     timestamptz,
  verdict     jsonb
) with (fillfactor = 80);
create index concurrency_slots_project on meshhook.concurrency_slots (project_id, workflow_id, key);
create index concurrency_slots_key on meshhook.concurrency_slots (workflow_id, key, state);
create index concurrency_slots_queued on meshhook.concurrency_slots (workflow_id, key, asked_at, n) where state = 'queued' and verdict is null;
create index concurrency_slots_due on meshhook.concurrency_slots (state, due_at) where state in ('delayed', 'quiet') and verdict is null;
create index concurrency_slots_verdict on meshhook.concurrency_slots (run_id) where verdict is not null;
comment on table meshhook.concurrency_slots is 'Open runs of workflows with policy.concurrency or policy.debounce: who holds a slot, who waits for one or for quiet. A row goes with the end of its run. Read it as meshhook.slot_list.';
comment on column meshhook.concurrency_slots.n is 'Order of starting within one moment.';
comment on column meshhook.concurrency_slots.state is 'delayed: not due yet; quiet: waits for quiet; queued: waits for a slot; held: has begun.';
comment on column meshhook.concurrency_slots.key is 'Value of policy.concurrency.key; null: no limit for this run.';
comment on column meshhook.concurrency_slots.max_runs is 'How many runs of the key may be under way.';
comment on column meshhook.concurrency_slots.on_limit is 'queue, drop_new or cancel_old.';
comment on column meshhook.concurrency_slots.quiet_key is 'Value of policy.debounce.key; null: no debounce for this run.';
comment on column meshhook.concurrency_slots.quiet_ms is 'How long nothing of that key may come.';
comment on column meshhook.concurrency_slots.keep is 'Which run of a burst begins: first or last.';
comment on column meshhook.concurrency_slots.asked_at is 'When it was started: its place in the queue.';
comment on column meshhook.concurrency_slots.due_at is 'When its delay or quiet time is over.';
comment on column meshhook.concurrency_slots.latest_at is 'When a burst begins though it is not quiet.';
comment on column meshhook.concurrency_slots.held_at is 'When it got its slot.';
comment on column meshhook.concurrency_slots.verdict is 'Why it is about to be ended: {"status", "error"}.';

alter table meshhook.runs add column slotted boolean;
comment on column meshhook.runs.slotted is 'Whether something counts or holds this run until it ends (concurrency_slots); null: nothing does.';

-- The open runs of projects that have a cap on them, to be counted; other projects have no rows here.
create table meshhook.open_runs (
  project_id int not null references meshhook.projects on delete cascade,
  run_id     uuid not null,
  primary key (project_id, run_id)
);
comment on table meshhook.open_runs is 'Open runs of projects with a cap on open runs, to be counted against it. A row goes with the end of its run.';
comment on column meshhook.open_runs.run_id is 'The run.';

-- +goose StatementBegin
do $$
begin
  alter table meshhook.breakers enable row level security, force row level security;
  alter table meshhook.rate_buckets enable row level security, force row level security;
  alter table meshhook.concurrency_slots enable row level security, force row level security;
  alter table meshhook.open_runs enable row level security, force row level security;
  alter table meshhook.rate_grants enable row level security, force row level security;
end $$;
-- +goose StatementEnd
