create or replace view meshhook.workflow_list with (security_invoker = true) as
select
  p.slug as project,
  w.name as workflow,
  w.title,
  w.enabled,
  w.live_version,
  (select count(*)::int from meshhook.workflow_versions v where v.workflow_id = w.id) as versions,
  w.draft is not null and not exists (
    select from meshhook.workflow_versions v
    where v.workflow_id = w.id and v.version = w.live_version
      and v.sha256 = meshhook_engine.definition_sha256(w.draft)
  ) as draft_differs,
  encode(w.draft_sha256, 'hex') as draft_sha256,
  (select count(*)::int from meshhook.endpoint_workflows e where e.workflow_id = w.id) as endpoints,
  (select v.published_at from meshhook.workflow_versions v where v.workflow_id = w.id and v.version = w.live_version) as live_since,
  w.created_at,
  w.updated_at,
  w.id
from meshhook.workflows w
join meshhook.projects p on p.id = w.project_id;

comment on view meshhook.workflow_list is 'The workflows you can see, one row each.';
comment on column meshhook.workflow_list.project is 'Slug of the project.';
comment on column meshhook.workflow_list.workflow is 'Name of the workflow: with the project, what verbs take.';
comment on column meshhook.workflow_list.title is 'Its title, for people.';
comment on column meshhook.workflow_list.enabled is 'Whether it starts runs.';
comment on column meshhook.workflow_list.live_version is 'The version that new runs get; null when none was published.';
comment on column meshhook.workflow_list.versions is 'How many versions were published.';
comment on column meshhook.workflow_list.draft_differs is 'Whether the draft says something else than the live version (ui aside).';
comment on column meshhook.workflow_list.draft_sha256 is 'Hash of the draft: base_sha of the next save_draft.';
comment on column meshhook.workflow_list.endpoints is 'How many endpoints start it.';
comment on column meshhook.workflow_list.live_since is 'When the live version was published.';
comment on column meshhook.workflow_list.created_at is 'When the workflow was made.';
comment on column meshhook.workflow_list.updated_at is 'When draft, live version or state last changed.';
comment on column meshhook.workflow_list.id is 'Internal id: workflow_id of runs.';
