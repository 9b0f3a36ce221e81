-- +goose Up
-- Named definitions: a mutable draft, immutable versions.

create table meshhook.workflows (
  id           int generated always as identity primary key,
  project_id   int not null references meshhook.projects on delete cascade,
  name         text not null check (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  title        text,
  draft        jsonb,
  draft_sha256 bytea,
  live_version int,
  enabled      boolean not null default true,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (project_id, name)
);
comment on table meshhook.workflows is 'A workflow: its name, its draft, and which version is live.';

create table meshhook.workflow_versions (
  id           int generated always as identity primary key,
  project_id   int not null references meshhook.projects on delete cascade,
  workflow_id  int not null references meshhook.workflows on delete cascade,
  version      int not null,
  definition   jsonb not null,
  compiled     jsonb not null,
  sha256       bytea not null,
  note         text,
  published_by text not null,
  published_at timestamptz not null default now(),
  unique (workflow_id, version),
  unique (workflow_id, sha256)
);
create index workflow_versions_project on meshhook.workflow_versions (project_id, workflow_id, version desc);
comment on table meshhook.workflow_versions is 'Published definitions, immutable; runs are pinned to one.';
comment on column meshhook.workflow_versions.compiled is 'What the engine reads: expressions parsed, edges as indexes, nodes in topological order.';
comment on column meshhook.workflow_versions.sha256 is 'Hash of the canonical definition without ui: the identity of the version.';
