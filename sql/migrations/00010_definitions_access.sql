-- +goose Up
-- What validation answers with, and which logins may speak for somebody else.

create type meshhook_engine.problem as (
  severity text,  -- error or warning
  code     text,  -- stable, MH_...
  path     text,  -- JSON pointer into the definition
  node     text,  -- node id, when the problem belongs to one
  message  text
);

create table meshhook.trusted_sessions (
  role_name  text primary key,
  note       text,
  created_at timestamptz not null default now()
);
comment on table meshhook.trusted_sessions is
  'Logins whose request.jwt.claims are believed: servers that have checked who calls. Every other login is only itself.';
comment on column meshhook.trusted_sessions.role_name is 'Name of the login role (session_user).';
comment on column meshhook.trusted_sessions.note is 'Why it is trusted.';

insert into meshhook.trusted_sessions (role_name, note)
values ('meshhook_api', 'The HTTP API: it verifies callers and sets their claims.');
