-- +goose Up
-- What one installation knows of itself: its settings, the re-appliable files it carries, the processes alive.

create table meshhook.settings (
  name       text primary key,
  value      jsonb not null,
  updated_at timestamptz not null default now()
);
comment on table meshhook.settings is 'Settings of this installation, one row each.';
comment on column meshhook.settings.name is 'Name of the setting.';
comment on column meshhook.settings.value is 'Its value as JSON.';

create table meshhook.repeatables (
  name       text primary key,
  sha256     bytea not null,
  applied_at timestamptz not null default now()
);
comment on table meshhook.repeatables is 'Re-appliable SQL files (functions, views, policies, triggers, grants) as last applied.';

create table meshhook.processes (
  id         int generated always as identity primary key,
  name       text not null,
  version    text not null,
  started_at timestamptz not null default now(),
  seen_at    timestamptz not null default now(),
  pooled     boolean not null default false
);
comment on table meshhook.processes is
  'Serving and working processes. Each holds the advisory lock (1835362152, id) for as long as it lives; a row whose lock is free belongs to a dead process.';
