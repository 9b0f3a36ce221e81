-- +goose Up
-- Looking for requests: by verdict and cause, and by the values that an endpoint says it wants to be found by.

-- Accepted ones are nearly all there are: found by time, or by a term.
create index requests_verdict on meshhook.requests (project_id, verdict, id) where verdict <> 'accepted';

create table meshhook.request_terms (
  project_id int not null,
  path       text not null,
  value      text not null,
  request_id uuid not null,
  primary key (project_id, path, value, request_id)
) partition by range (request_id);
comment on table meshhook.request_terms is 'What requests can be found by: the values at the paths that their endpoint names in its option search.';
comment on column meshhook.request_terms.project_id is 'The project.';
comment on column meshhook.request_terms.path is 'Where in the request the value stood: body.customer.id, headers.x-github-event, query.q.';
comment on column meshhook.request_terms.value is 'The value as text, its first 200 characters.';
comment on column meshhook.request_terms.request_id is 'The request.';
