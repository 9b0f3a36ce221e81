-- Approvals that runs ask for.
create or replace view meshhook.open_approvals with (security_invoker = true) as
select
  p.slug as project,
  w.name as workflow,
  r.id as run_id,
  o.key as step,
  e.data #>> '{approval,title}' as title,
  e.at as asked_at,
  to_timestamp((o.value -> 'due')::bigint / 1000.0) as until,
  (select count(*)::int from meshhook.approval_links l
   where l.project_id = r.project_id and l.run_id = r.id and l.step = o.key and l.seq = e.seq and l.used_at is null) as links
from meshhook.waits a
join meshhook.runs r on r.id = a.run_id
join meshhook.projects p on p.id = r.project_id
join meshhook.workflows w on w.id = r.workflow_id
cross join lateral jsonb_each(r.frontier -> 'open') o
join meshhook.events e on e.run_id = r.id and e.seq = (o.value -> 'q')::int
where a.kind = 'approval' and o.key = a.step;
comment on view meshhook.open_approvals is 'Approvals that runs ask for now. meshhook.approval_links(run_id) makes a link to answer with.';
comment on column meshhook.open_approvals.project is 'Slug of the project.';
comment on column meshhook.open_approvals.workflow is 'Name of the workflow.';
comment on column meshhook.open_approvals.run_id is 'The run that asks.';
comment on column meshhook.open_approvals.step is 'Its step.';
comment on column meshhook.open_approvals.title is 'What is asked.';
comment on column meshhook.open_approvals.asked_at is 'Since when.';
comment on column meshhook.open_approvals.until is 'When the timeout comes; null: never.';
comment on column meshhook.open_approvals.links is 'Links made for it and not used.';
