-- Runs that hold a slot of a concurrency key or wait for one, and starts that wait for quiet.
create or replace view meshhook.slot_list with (security_invoker = true) as
select
  p.slug as project,
  w.name as workflow,
  s.key,
  s.max_runs as "limit",
  s.on_limit,
  s.state,
  case when s.state = 'queued' then row_number() over (partition by s.workflow_id, s.key, s.state order by s.asked_at, s.n) end as place,
  s.run_id,
  s.asked_at,
  s.held_at,
  s.quiet_key,
  s.due_at,
  s.latest_at,
  s.verdict #>> '{error,code}' as leaving
from meshhook.concurrency_slots s
join meshhook.projects p on p.id = s.project_id
join meshhook.workflows w on w.id = s.workflow_id;
comment on view meshhook.slot_list is 'Open runs of workflows with policy.concurrency or policy.debounce: who holds a slot, who waits, for what. End one with meshhook.cancel.';
comment on column meshhook.slot_list.project is 'Slug of the project.';
comment on column meshhook.slot_list.workflow is 'Name of the workflow.';
comment on column meshhook.slot_list.key is 'Value of the concurrency key; null: no limit.';
comment on column meshhook.slot_list."limit" is 'How many runs of the key may be under way.';
comment on column meshhook.slot_list.on_limit is 'What happens beyond the limit: queue, drop_new or cancel_old.';
comment on column meshhook.slot_list.state is 'held: under way; queued: waits for a slot; quiet: waits for quiet; delayed: not due yet.';
comment on column meshhook.slot_list.place is 'Place in the queue of its key, 1 is next.';
comment on column meshhook.slot_list.run_id is 'The run.';
comment on column meshhook.slot_list.asked_at is 'When it was started, or since when it queues.';
comment on column meshhook.slot_list.held_at is 'When it was let in.';
comment on column meshhook.slot_list.quiet_key is 'Value of the debounce key; null: no debounce.';
comment on column meshhook.slot_list.due_at is 'When its delay or its quiet time is over.';
comment on column meshhook.slot_list.latest_at is 'When its burst begins at the latest.';
comment on column meshhook.slot_list.leaving is 'Code of the reason for which it is about to be ended.';
