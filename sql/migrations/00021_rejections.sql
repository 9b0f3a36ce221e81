-- +goose Up
-- How many requests were refused: exact, whatever part of them is kept as rows of requests.
create table meshhook.rejections (
  endpoint_id uuid not null references meshhook.endpoints on delete cascade,
  hour        timestamptz not null,
  cause       text not null,
  project_id  int not null references meshhook.projects on delete cascade,
  requests    bigint not null,
  primary key (endpoint_id, hour, cause)
);
create index rejections_project on meshhook.rejections (project_id, hour);
comment on table meshhook.rejections is 'Refused requests an endpoint, hour and cause: an exact count. Past a hundred a minute only a sample of them are rows of requests.';
comment on column meshhook.rejections.endpoint_id is 'The endpoint that was called.';
comment on column meshhook.rejections.hour is 'The hour that begins then.';
comment on column meshhook.rejections.cause is 'What was wrong.';
comment on column meshhook.rejections.project_id is 'The project.';
comment on column meshhook.rejections.requests is 'How many.';
