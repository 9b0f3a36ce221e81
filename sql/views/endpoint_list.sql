create or replace view meshhook.endpoint_list with (security_invoker = true) as
select
  e.id,
  p.slug as project,
  e.name,
  e.state,
  '/hooks/' || meshhook_engine.shown_token(e.id) as path,
  e.methods,
  e.max_body,
  e.verify ->> 'kind' as verified_by,
  (select count(*)::int from meshhook.endpoint_secrets s
   where s.endpoint_id = e.id and s.revoked_at is null
     and coalesce(s.valid_from <= now(), true) and coalesce(s.valid_until > now(), true)) as live_secrets,
  (select array_agg(w.name order by ew.is_primary desc, w.name)
   from meshhook.endpoint_workflows ew join meshhook.workflows w on w.id = ew.workflow_id
   where ew.endpoint_id = e.id) as workflows,
  e.verify,
  e.options,
  e.created_at,
  e.updated_at,
  case when e.alias is not null then '/hooks/' || p.slug || '/' || e.alias end as alias_path
from meshhook.endpoints e
join meshhook.projects p on p.id = e.project_id;

comment on view meshhook.endpoint_list is 'The endpoints you can see: URLs that take webhooks.';
comment on column meshhook.endpoint_list.id is 'Id of the endpoint: what its verbs take.';
comment on column meshhook.endpoint_list.project is 'Slug of the project.';
comment on column meshhook.endpoint_list.name is 'Name, unique in the project.';
comment on column meshhook.endpoint_list.state is 'active; paused: requests are stored and queued; disabled: 410.';
comment on column meshhook.endpoint_list.path is 'Path of the URL, for those who may edit the project: whoever knows it may send. Null for others.';
comment on column meshhook.endpoint_list.methods is 'HTTP methods it takes.';
comment on column meshhook.endpoint_list.max_body is 'Largest body it takes, in bytes.';
comment on column meshhook.endpoint_list.verified_by is 'How requests are verified: none, one of the door''s own kinds, or a preset.';
comment on column meshhook.endpoint_list.live_secrets is 'How many signing secrets are valid now.';
comment on column meshhook.endpoint_list.workflows is 'Workflows a request starts, the primary one first.';
comment on column meshhook.endpoint_list.verify is 'How requests are verified, in full.';
comment on column meshhook.endpoint_list.options is 'Other settings: respond, filter, dedupe, cidrs, search, rate.';
comment on column meshhook.endpoint_list.created_at is 'When it was made.';
comment on column meshhook.endpoint_list.updated_at is 'When it last changed.';
comment on column meshhook.endpoint_list.alias_path is 'Readable path of the same URL, when it has an alias.';
