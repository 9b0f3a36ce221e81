-- +goose Up
-- Who changed what: configuration, and what was done to runs by hand. Append-only; it outlives the projects it tells of, so
-- nothing here points at them.

create table meshhook.audit_log (
  id         bigint generated always as identity primary key,
  at         timestamptz not null,
  project_id int,
  project    text,
  actor      text,
  login      text not null,
  role       text not null,
  client     inet,
  action     text not null,
  target     text,
  detail     jsonb not null default '{}'
);
create index audit_log_project on meshhook.audit_log (project_id, id);
create index audit_log_target on meshhook.audit_log (project_id, target, id);
comment on table meshhook.audit_log is 'Who changed what, append-only; rows outlive their project. Read it as meshhook.audit_trail.';
comment on column meshhook.audit_log.id is 'Order of writing.';
comment on column meshhook.audit_log.at is 'When.';
comment on column meshhook.audit_log.project_id is 'Id of the project, which may be gone; null for what concerns the whole installation.';
comment on column meshhook.audit_log.project is 'Its slug at that time.';
comment on column meshhook.audit_log.actor is 'Who did it: meshhook.principal(). Null: nobody that is known.';
comment on column meshhook.audit_log.login is 'The login of the session (session_user): a server, when it speaks for somebody.';
comment on column meshhook.audit_log.role is 'The role the session had taken on, else its login.';
comment on column meshhook.audit_log.client is 'Network address the session came from; null for a local socket.';
comment on column meshhook.audit_log.action is 'What was done: noun.past, such as var.changed or run.canceled.';
comment on column meshhook.audit_log.target is 'To what: a name, or the id of a run.';
comment on column meshhook.audit_log.detail is 'Old and new values of a change, or what the verb was told. Never a secret''s value.';

-- Failed runs that nobody has dealt with yet. A column of its own rather than a condition on the status: no index holds what
-- changes while a run runs, so its updates stay in place.
alter table meshhook.runs add column dead_letter text;
alter table meshhook.runs add column dismissed jsonb;
create index runs_dead_letters on meshhook.runs (project_id, id) where dead_letter is not null;
comment on column meshhook.runs.dead_letter is 'Fingerprint of the failure, while the run is failed and nobody has dealt with it.';
comment on column meshhook.runs.dismissed is 'How somebody dealt with the failure: {by, at, why} or {by, at, rerun}.';
