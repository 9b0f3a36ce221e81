create or replace view meshhook.watch_list with (security_invoker = true) as
select
  p.slug as project,
  w.name as workflow,
  coalesce((select format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.oid = t.relation), t.relation::oid::text) as table_name,
  case
    when not exists (select from pg_catalog.pg_class c where c.oid = t.relation) then 'table gone'
    when k.made < (select count(*) from unnest(t.events) e cross join generate_series(1, 3) n
                   where case when e = 'truncate' then n = 2 else n < 3 or t.batch > 1 end) then 'triggers missing'
    when k.off > 0 then 'triggers disabled'
    else 'watching' end as state,
  t.events,
  t.condition,
  t.key,
  t.batch,
  t.last_error ->> 'code' as error_code,
  t.last_error ->> 'message' as error_message,
  t.created_by,
  t.created_at,
  t.id
from meshhook.watched_tables t
join meshhook.projects p on p.id = t.project_id
join meshhook.workflows w on w.id = t.workflow_id
cross join lateral (
  select count(*) as made, count(*) filter (where g.tgenabled = 'D') as off
  from pg_catalog.pg_trigger g
  where g.tgrelid = t.relation and g.tgname ~ ('^meshhook_watch_' || t.id || '_(insert|update|delete|truncate)_[123]$')) k;

comment on view meshhook.watch_list is 'Tables whose changes start a workflow.';
comment on column meshhook.watch_list.project is 'Slug of the project.';
comment on column meshhook.watch_list.workflow is 'The workflow that a change starts.';
comment on column meshhook.watch_list.table_name is 'The table; its number when it is gone.';
comment on column meshhook.watch_list.state is 'watching, table gone, triggers missing (call watch_table again), triggers disabled.';
comment on column meshhook.watch_list.events is 'Which changes: insert, update, delete, truncate.';
comment on column meshhook.watch_list.condition is 'Only changes of which this is true.';
comment on column meshhook.watch_list.key is 'The column whose value is the business key of the run.';
comment on column meshhook.watch_list.batch is '1: a run a row; more: a run for as many rows of one statement.';
comment on column meshhook.watch_list.error_code is 'Why a change started nothing, the last time one did.';
comment on column meshhook.watch_list.error_message is 'The same in words.';
comment on column meshhook.watch_list.created_by is 'Who began to watch.';
comment on column meshhook.watch_list.created_at is 'When.';
comment on column meshhook.watch_list.id is 'Number of the watch, as in the names of its triggers.';
