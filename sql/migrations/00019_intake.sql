-- +goose Up
-- What the door does after verification: readable aliases, deliveries that are told apart, requests that wait for a paused endpoint.

alter table meshhook.endpoints add column alias text check (alias ~ '^[a-z0-9][a-z0-9._-]{0,99}$');
create unique index endpoints_alias on meshhook.endpoints (project_id, alias) where alias is not null;
comment on column meshhook.endpoints.alias is 'A readable name in the URL besides the token: /hooks/{project}/{alias}. Whoever can guess it may send: verify.';

alter table meshhook.requests add column first_id uuid;
comment on column meshhook.requests.first_id is 'Of a duplicate: the request that came first and started the runs.';
create index requests_queued on meshhook.requests (endpoint_id, id) where verdict = 'queued';

create table meshhook.deliveries (
  endpoint_id uuid not null references meshhook.endpoints on delete cascade,
  key         text not null,
  project_id  int not null references meshhook.projects on delete cascade,
  request_id  uuid not null,
  run_ids     uuid[] not null,
  duplicates  int not null default 0,
  first_at    timestamptz not null,
  expires_at  timestamptz not null,
  primary key (endpoint_id, key)
);
create index deliveries_project on meshhook.deliveries (project_id, request_id);
create index deliveries_expired on meshhook.deliveries (expires_at);
comment on table meshhook.deliveries is 'Which delivery of an endpoint was seen when: a second one with the same key within the window is a duplicate of the first.';
comment on column meshhook.deliveries.endpoint_id is 'The endpoint that told deliveries apart.';
comment on column meshhook.deliveries.key is 'What dedupe.key gave for the request; a key of more than 200 characters as its sha256.';
comment on column meshhook.deliveries.project_id is 'The project.';
comment on column meshhook.deliveries.request_id is 'The request that came first.';
comment on column meshhook.deliveries.run_ids is 'The runs it started.';
comment on column meshhook.deliveries.duplicates is 'How many came after it.';
comment on column meshhook.deliveries.first_at is 'When the first came.';
comment on column meshhook.deliveries.expires_at is 'From when on the next one with this key is a new delivery.';

-- What receive finds out besides: what the endpoint asks of accepted requests, and the first of a duplicate.
-- (In a block, because sqlc knows no composite types.)
-- +goose StatementBegin
do $$
begin
  alter type meshhook_engine.received add attribute door jsonb;
  alter type meshhook_engine.received add attribute first_id uuid;
  alter type meshhook_engine.received add attribute first_run uuid;
end $$;
-- +goose StatementEnd

-- Set when a paused endpoint opens again: wake then takes in what was queued.
alter table meshhook.endpoints add column resumed_at timestamptz;
create index endpoints_resumed on meshhook.endpoints (resumed_at) where resumed_at is not null;
comment on column meshhook.endpoints.resumed_at is 'When it was opened again and what was queued began to be taken in; null when nothing is left.';
