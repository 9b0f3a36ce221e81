create or replace view meshhook.reevaluation_list with (security_invoker = true) as
select
  r.id,
  r.request_id,
  p.slug as project,
  r.requested_at,
  r.requested_by,
  r.done_at,
  r.verdict,
  r.cause,
  r.message,
  q.run_ids
from meshhook.reevaluations r
join meshhook.projects p on p.id = r.project_id
left join meshhook.requests q on q.id = r.request_id;

comment on view meshhook.reevaluation_list is 'Refused requests that were to go through the door again (meshhook.reevaluate), and what came of it.';
comment on column meshhook.reevaluation_list.id is 'What meshhook.reevaluate answered.';
comment on column meshhook.reevaluation_list.request_id is 'The refused request.';
comment on column meshhook.reevaluation_list.project is 'Slug of the project.';
comment on column meshhook.reevaluation_list.requested_at is 'When it was asked for.';
comment on column meshhook.reevaluation_list.requested_by is 'Who asked.';
comment on column meshhook.reevaluation_list.done_at is 'When it was decided; null: it waits for a door.';
comment on column meshhook.reevaluation_list.verdict is 'accepted (or another verdict) when it is verified now, rejected when it is not.';
comment on column meshhook.reevaluation_list.cause is 'Code of what is still wrong, when something is.';
comment on column meshhook.reevaluation_list.message is 'What is still wrong, as a sentence; meshhook.explain_request says more.';
comment on column meshhook.reevaluation_list.run_ids is 'Runs that the request has started by now.';
