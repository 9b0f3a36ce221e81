create or replace view meshhook.dead_letter_groups with (security_invoker = true) as
select
  p.slug as project,
  w.name as workflow,
  g.step,
  g.error_class,
  g.code,
  g.fingerprint,
  g.runs,
  g.first_at,
  g.last_at,
  s.error ->> 'message' as sample,
  g.sample_id
from (
  select
    r.project_id, r.workflow_id, r.dead_letter as fingerprint, count(*) as runs, min(r.finished_at) as first_at, max(r.finished_at) as last_at,
    min(r.error ->> 'step') as step, min(meshhook_engine.error_class(r.error)) as error_class, min(r.error ->> 'code') as code,
    (max(r.id::text))::uuid as sample_id
  from meshhook.runs r
  where r.dead_letter is not null
  group by r.project_id, r.workflow_id, r.dead_letter
) g
join meshhook.projects p on p.id = g.project_id
join meshhook.workflows w on w.id = g.workflow_id
join meshhook.runs s on s.id = g.sample_id;
comment on view meshhook.dead_letter_groups is 'Dead letters by cause: failures that differ in ids and numbers only are one row.';
comment on column meshhook.dead_letter_groups.project is 'Slug of the project.';
comment on column meshhook.dead_letter_groups.workflow is 'Name of the workflow.';
comment on column meshhook.dead_letter_groups.step is 'The step that failed.';
comment on column meshhook.dead_letter_groups.error_class is 'As in dead_letters.';
comment on column meshhook.dead_letter_groups.code is 'Code of the error.';
comment on column meshhook.dead_letter_groups.fingerprint is 'What they have in common: workflow, step, class, code, and the message without ids and numbers.';
comment on column meshhook.dead_letter_groups.runs is 'How many.';
comment on column meshhook.dead_letter_groups.first_at is 'When the first of them failed.';
comment on column meshhook.dead_letter_groups.last_at is 'When the last of them did.';
comment on column meshhook.dead_letter_groups.sample is 'The error of the newest of them, in words.';
comment on column meshhook.dead_letter_groups.sample_id is 'The newest of them.';
