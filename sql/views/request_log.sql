create or replace view meshhook.request_log with (security_invoker = true) as
select
  r.id,
  r.received_at,
  p.slug as project,
  e.name as endpoint,
  r.verdict,
  r.cause,
  r.message,
  r.method,
  r.query,
  r.headers,
  r.headers ->> 'content-type' as content_type,
  octet_length(r.body) as bytes,
  r.remote,
  r.run_ids,
  r.endpoint_id,
  r.first_id,
  (select d.duplicates from meshhook.deliveries d where d.project_id = r.project_id and d.request_id = r.id) as duplicates,
  case when r.verdict = 'rejected' then r.trace ->> 'why' end as why,
  r.spooled_until
from meshhook.requests r
join meshhook.projects p on p.id = r.project_id
left join meshhook.endpoints e on e.id = r.endpoint_id;

comment on view meshhook.request_log is
  'Every webhook that came in, accepted or not. Ids sort by time: order by id desc. The bytes are in meshhook.requests.body.';
comment on column meshhook.request_log.id is 'Id of the request (uuid v7: it begins with the time).';
comment on column meshhook.request_log.received_at is 'When it came in.';
comment on column meshhook.request_log.project is 'Slug of the project.';
comment on column meshhook.request_log.endpoint is 'Name of the endpoint; null when that is gone.';
comment on column meshhook.request_log.verdict is 'accepted, rejected, ignored, duplicate, queued or invalid.';
comment on column meshhook.request_log.cause is 'Code of what was wrong, when something was.';
comment on column meshhook.request_log.message is 'What was wrong, as a sentence.';
comment on column meshhook.request_log.method is 'HTTP method.';
comment on column meshhook.request_log.query is 'Query parameters.';
comment on column meshhook.request_log.headers is 'Headers, names in lower case, credentials masked.';
comment on column meshhook.request_log.content_type is 'The content type it claimed.';
comment on column meshhook.request_log.bytes is 'Size of the body.';
comment on column meshhook.request_log.remote is 'Address it came from.';
comment on column meshhook.request_log.run_ids is 'Runs it started.';
comment on column meshhook.request_log.endpoint_id is 'Id of the endpoint.';
comment on column meshhook.request_log.first_id is 'Of a duplicate: the request that came first.';
comment on column meshhook.request_log.duplicates is 'How many duplicates came after it within the window; null where deliveries are not told apart.';
comment on column meshhook.request_log.why is 'Of a refused request: the finer reason; meshhook.explain_request says it in words.';
comment on column meshhook.request_log.spooled_until is 'When it was taken in from a server''s disk, having come while the database was away.';
