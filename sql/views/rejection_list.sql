create or replace view meshhook.rejection_list with (security_invoker = true) as
select p.slug as project, e.name as endpoint, r.hour, r.cause, r.requests, r.endpoint_id
from meshhook.rejections r
join meshhook.projects p on p.id = r.project_id
join meshhook.endpoints e on e.id = r.endpoint_id;

comment on view meshhook.rejection_list is 'How many requests were refused, exactly; request_log has all of them up to a hundred a minute, then a sample.';
comment on column meshhook.rejection_list.project is 'Slug of the project.';
comment on column meshhook.rejection_list.endpoint is 'Name of the endpoint.';
comment on column meshhook.rejection_list.hour is 'The hour that begins then.';
comment on column meshhook.rejection_list.cause is 'Code of what was wrong.';
comment on column meshhook.rejection_list.requests is 'How many requests.';
comment on column meshhook.rejection_list.endpoint_id is 'Id of the endpoint.';
