-- Read through an index that holds nothing else (runs_dead_letters).
create or replace view meshhook.dead_letters with (security_invoker = true) as
select
  r.id,
  p.slug as project,
  w.name as workflow,
  v.version,
  r.error ->> 'step' as step,
  meshhook_engine.error_class(r.error) as error_class,
  r.error ->> 'code' as code,
  r.error ->> 'message' as message,
  (r.error ->> 'attempts')::int as attempts,
  r.dead_letter as fingerprint,
  r.finished_at as at,
  r.started_at,
  r.business_key,
  r.trigger
from meshhook.runs r
join meshhook.projects p on p.id = r.project_id
join meshhook.workflows w on w.id = r.workflow_id
join meshhook.workflow_versions v on v.id = r.version_id
where r.dead_letter is not null;
comment on view meshhook.dead_letters is 'Failed runs that nobody has dealt with: neither retried nor rerun nor dismissed.';
comment on column meshhook.dead_letters.id is 'The run: what retry, rerun, skip_step and dismiss take.';
comment on column meshhook.dead_letters.project is 'Slug of the project.';
comment on column meshhook.dead_letters.workflow is 'Name of the workflow.';
comment on column meshhook.dead_letters.version is 'The version the run is pinned to.';
comment on column meshhook.dead_letters.step is 'The step that failed; null when the run did as a whole (its deadline, crashes).';
comment on column meshhook.dead_letters.error_class is 'Of a call: network, timeout, tls, blocked, too_large, redirect, body, secret, 4xx, 5xx, internal; else data (an expression), deadline, crash, size, terminated.';
comment on column meshhook.dead_letters.code is 'Code of the error.';
comment on column meshhook.dead_letters.message is 'The error in words.';
comment on column meshhook.dead_letters.attempts is 'Attempts made, for a call.';
comment on column meshhook.dead_letters.fingerprint is 'The same for failures that differ in ids and numbers only; see dead_letter_groups.';
comment on column meshhook.dead_letters.at is 'When it failed.';
comment on column meshhook.dead_letters.started_at is 'When it started.';
comment on column meshhook.dead_letters.business_key is 'The caller''s own key for the run, if one was given.';
comment on column meshhook.dead_letters.trigger is 'What started it.';
