create or replace view meshhook.audit_trail with (security_invoker = true) as
select
  a.id,
  a.at,
  -- Rows that went with their project were written when its name was gone already.
  coalesce(a.project, (select o.project from meshhook.audit_log o where o.project_id = a.project_id and o.project is not null limit 1)) as project,
  a.actor,
  a.action,
  a.target,
  a.detail,
  a.login,
  a.role,
  a.client
from meshhook.audit_log a;

comment on view meshhook.audit_trail is 'Who changed what: configuration and runs, by verbs, the console or psql. Append-only, newest id last.';
comment on column meshhook.audit_trail.id is 'Order of writing.';
comment on column meshhook.audit_trail.at is 'When.';
comment on column meshhook.audit_trail.project is 'Slug of the project, also of one that is gone; null for what concerns the whole installation.';
comment on column meshhook.audit_trail.actor is 'Who did it: operator, the person a server spoke for, or a login. Null: nobody that is known.';
comment on column meshhook.audit_trail.action is 'What was done: noun.past, such as var.changed or run.canceled.';
comment on column meshhook.audit_trail.target is 'To what: a name, or the id of a run.';
comment on column meshhook.audit_trail.detail is 'Old and new values of a change ("hidden" names changed columns that are not shown), or what the verb was told.';
comment on column meshhook.audit_trail.login is 'Login of the session: a server''s, when it spoke for somebody.';
comment on column meshhook.audit_trail.role is 'Role the session had taken on, else its login.';
comment on column meshhook.audit_trail.client is 'Network address of the session; null for a local socket.';
