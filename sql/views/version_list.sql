create or replace view meshhook.version_list with (security_invoker = true) as
select
  p.slug as project,
  w.name as workflow,
  v.version,
  v.version = w.live_version as live,
  v.note,
  v.published_by,
  v.published_at,
  jsonb_array_length(v.compiled -> 'nodes') as nodes,
  encode(v.sha256, 'hex') as sha256,
  v.definition,
  v.id
from meshhook.workflow_versions v
join meshhook.workflows w on w.id = v.workflow_id
join meshhook.projects p on p.id = v.project_id;

comment on view meshhook.version_list is 'Published versions of the workflows you can see. A version never changes.';
comment on column meshhook.version_list.project is 'Slug of the project.';
comment on column meshhook.version_list.workflow is 'Name of the workflow.';
comment on column meshhook.version_list.version is 'Number of the version, from 1 without gaps.';
comment on column meshhook.version_list.live is 'Whether new runs get this version.';
comment on column meshhook.version_list.note is 'What was said when it was published.';
comment on column meshhook.version_list.published_by is 'Who published it first.';
comment on column meshhook.version_list.published_at is 'When it was published first.';
comment on column meshhook.version_list.nodes is 'How many nodes it has.';
comment on column meshhook.version_list.sha256 is 'Hash of the definition without ui: the identity of the version.';
comment on column meshhook.version_list.definition is 'The definition as it was published.';
comment on column meshhook.version_list.id is 'Internal id: version_id of runs.';
