-- +goose Up
-- The inbound log: every HTTP request the door met, with its bytes.

create type meshhook.verdict as enum ('accepted', 'rejected', 'ignored', 'duplicate', 'queued', 'invalid');

create table meshhook.requests (
  id          uuid not null,
  received_at timestamptz not null,
  project_id  int not null,
  verdict     meshhook.verdict not null,
  endpoint_id uuid not null,
  method      text not null,
  path        text not null,
  query       jsonb,
  headers     jsonb not null,
  remote      text,
  cause       text,
  message     text,
  run_ids     uuid[],
  body        bytea,
  primary key (id)
) partition by range (id);
create index requests_project on meshhook.requests (project_id, id);
comment on table meshhook.requests is 'Every received webhook with its raw bytes, verdict and cause. Partitioned by week of the id (uuid v7).';
comment on column meshhook.requests.body is 'The bytes as they came, before any parsing.';
comment on column meshhook.requests.headers is 'Header names in lower case; values that carry credentials are masked.';
comment on column meshhook.requests.cause is 'Code of what was wrong, when something was.';
