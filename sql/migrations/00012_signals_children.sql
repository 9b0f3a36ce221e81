-- +goose Up
-- What runs wait for besides time: signals by name and key, somebody's approval, other runs.

alter table meshhook.waits drop constraint waits_kind_check;
alter table meshhook.waits add constraint waits_kind_check check (kind in ('retry', 'timer', 'signal', 'approval', 'child'));
alter table meshhook.waits add column signal text;
alter table meshhook.waits add column key text;
create index waits_signal on meshhook.waits (project_id, signal, key) where signal is not null;
comment on table meshhook.waits is
  'What runs wait for that no process waits for itself: retries and delays of two seconds and more, signals, approvals, runs they called.';
comment on column meshhook.waits.due_at is 'When wake looks at it: the due moment, the end of a timeout, now for a signal that may have come before; infinity: not by itself.';
comment on column meshhook.waits.signal is 'Name of the signal awaited.';
comment on column meshhook.waits.key is 'Key that the signal must come with, empty for none; of a called run its id.';

create table meshhook.signals (
  id         bigint generated always as identity primary key,
  project_id int not null references meshhook.projects on delete cascade,
  name       text not null,
  key        text not null,
  payload    jsonb not null,
  sent_by    text,
  sent_at    timestamptz not null,
  expires_at timestamptz not null,
  run_id     uuid
);
create index signals_awaited on meshhook.signals (project_id, name, key, id);
create index signals_expired on meshhook.signals (expires_at);
comment on table meshhook.signals is 'Signals that nobody waited for when they were sent: kept for seven days, taken once, oldest first.';
comment on column meshhook.signals.name is 'Name of the signal.';
comment on column meshhook.signals.key is 'Its key; empty for none.';
comment on column meshhook.signals.payload is 'What it carries: the output of the step that takes it.';
comment on column meshhook.signals.sent_by is 'Who sent it.';
comment on column meshhook.signals.sent_at is 'When.';
comment on column meshhook.signals.expires_at is 'Until when it can be taken.';
comment on column meshhook.signals.run_id is 'The one run it is for: one that began to wait in the very moment it was sent.';

create table meshhook.approval_links (
  token_sha256 bytea primary key,
  project_id   int not null references meshhook.projects on delete cascade,
  run_id       uuid not null,
  step         text not null,
  seq          int not null,
  made_by      text,
  made_at      timestamptz not null,
  expires_at   timestamptz not null,
  used_at      timestamptz,
  used_by      text,
  approved     boolean
);
create index approval_links_run on meshhook.approval_links (project_id, run_id);
create index approval_links_expired on meshhook.approval_links (expires_at);
comment on table meshhook.approval_links is 'One-time links that approve or reject; of the token only its hash is kept.';
comment on column meshhook.approval_links.token_sha256 is 'sha256 of the token.';
comment on column meshhook.approval_links.run_id is 'The run that waits.';
comment on column meshhook.approval_links.step is 'Its step.';
comment on column meshhook.approval_links.seq is 'The event with which that step began to wait: a link is good for that one question.';
comment on column meshhook.approval_links.made_by is 'Who had it made.';
comment on column meshhook.approval_links.made_at is 'When.';
comment on column meshhook.approval_links.expires_at is 'Until when it can be used.';
comment on column meshhook.approval_links.used_at is 'When it was used; a link is used once.';
comment on column meshhook.approval_links.used_by is 'Who used it: a principal, or link for whoever had it.';
comment on column meshhook.approval_links.approved is 'What was said with it.';

create table meshhook.abandoned_runs (
  run_id     uuid primary key,
  project_id int not null,
  parent_id  uuid not null,
  at         timestamptz not null
);
create index abandoned_runs_project on meshhook.abandoned_runs (project_id);
comment on table meshhook.abandoned_runs is 'Called runs that nobody waits for any more, because the caller ended or went past the step: wake cancels them, within about a second.';
comment on column meshhook.abandoned_runs.run_id is 'The run to be canceled.';
comment on column meshhook.abandoned_runs.parent_id is 'The run that had called it.';
comment on column meshhook.abandoned_runs.at is 'When that one ended or went on.';

-- What becomes of a step that calls another run: a fact, a run that is made, or a wait for it.
-- A change knows who called the run, and which runs its end leaves behind. (In a block, because sqlc knows no composite types.)
-- +goose StatementBegin
do $$
begin
  alter type meshhook_engine.change add attribute parent_id uuid;
  alter type meshhook_engine.change add attribute abandons uuid[];
  create type meshhook_engine.called as (
    fact  meshhook_engine.fact,
    child meshhook_engine.change,
    wait  jsonb
  );
  alter table meshhook.abandoned_runs enable row level security, force row level security;
  alter table meshhook.signals enable row level security, force row level security;
  alter table meshhook.approval_links enable row level security, force row level security;
end $$;
-- +goose StatementEnd
