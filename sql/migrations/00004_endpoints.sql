-- +goose Up
-- The door: URLs that take webhooks, what they verify, which workflows they start.

create table meshhook.endpoints (
  id         uuid primary key,
  project_id int not null references meshhook.projects on delete cascade,
  token      text not null unique,
  name       text not null,
  state      text not null default 'active' check (state in ('active', 'paused', 'disabled')),
  methods    text[] not null default '{POST}',
  max_body   int not null default 1048576 check (max_body between 1 and 16777216),
  verify     jsonb not null default '{"kind":"none"}',
  options    jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (project_id, name)
);
comment on table meshhook.endpoints is 'URLs that take webhooks: /hooks/{token}.';
comment on column meshhook.endpoints.token is '128 random bits in base32: whoever knows it may send.';

create table meshhook.endpoint_secrets (
  id          uuid primary key,
  endpoint_id uuid not null references meshhook.endpoints on delete cascade,
  project_id  int not null references meshhook.projects on delete cascade,
  key_id      uuid not null references meshhook.key_ring,
  sealed      bytea not null,
  fingerprint text not null,
  valid_from  timestamptz,
  valid_until timestamptz,
  revoked_at  timestamptz,
  created_at  timestamptz not null default now()
);
create index endpoint_secrets_endpoint on meshhook.endpoint_secrets (endpoint_id, created_at desc);
create index endpoint_secrets_project on meshhook.endpoint_secrets (project_id);
comment on table meshhook.endpoint_secrets is 'Sealed signing secrets of an endpoint; several may be live during a rotation.';

create table meshhook.endpoint_workflows (
  endpoint_id uuid not null references meshhook.endpoints on delete cascade,
  workflow_id int not null references meshhook.workflows on delete cascade,
  project_id  int not null references meshhook.projects on delete cascade,
  is_primary  boolean not null default false,
  primary key (endpoint_id, workflow_id)
);
create index endpoint_workflows_workflow on meshhook.endpoint_workflows (workflow_id);
create index endpoint_workflows_project on meshhook.endpoint_workflows (project_id);
create unique index endpoint_workflows_primary on meshhook.endpoint_workflows (endpoint_id) where is_primary;
comment on table meshhook.endpoint_workflows is 'Which workflows a request at an endpoint starts; the primary one may answer a caller that waits.';
