-- +goose Up
-- Tenants, their people, their variables and their sealed values.

create table meshhook.projects (
  id         int generated always as identity primary key,
  slug       text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name       text not null,
  created_at timestamptz not null default now()
);
comment on table meshhook.projects is 'A project is a tenant: everything else belongs to one.';

create table meshhook.members (
  project_id int not null references meshhook.projects on delete cascade,
  principal  text not null,
  role       text not null check (role in ('owner', 'admin', 'editor', 'operator', 'viewer')),
  created_at timestamptz not null default now(),
  primary key (project_id, principal)
);
create index members_principal on meshhook.members (principal, project_id);
comment on table meshhook.members is 'Who may do what in a project.';

create table meshhook.vars (
  project_id int not null references meshhook.projects on delete cascade,
  name       text not null check (name ~ '^[a-zA-Z_][a-zA-Z0-9_]{0,62}$'),
  value      jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (project_id, name)
);
comment on table meshhook.vars is 'Project variables: readable in expressions as vars.<name>, not secret.';

create table meshhook.key_ring (
  id         uuid primary key,
  project_id int not null references meshhook.projects on delete cascade,
  kek_id     text not null,
  wrapped    bytea not null,
  created_at timestamptz not null default now()
);
create index key_ring_project on meshhook.key_ring (project_id, created_at desc);
comment on table meshhook.key_ring is 'Data keys, one or more a project, each wrapped by the key-encryption key named kek_id.';

create table meshhook.secrets (
  project_id int not null references meshhook.projects on delete cascade,
  name       text not null check (name ~ '^[a-zA-Z_][a-zA-Z0-9_]{0,62}$'),
  version    int not null default 1,
  key_id     uuid not null references meshhook.key_ring,
  sealed     bytea not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (project_id, name)
);
comment on table meshhook.secrets is 'Write-only values, sealed by the project''s data key. No verb, view or route returns one.';
