-- The queue at a glance: what waits for a worker, what is being worked on, what waits for its time.
create or replace view meshhook.queue_health with (security_invoker = true) as
select
  (select count(*) from meshhook_river.river_job j where j.kind = 'run' and j.state = 'available') as available,
  (select clock_timestamp() - min(j.created_at) from meshhook_river.river_job j where j.kind = 'run' and j.state = 'available') as oldest_available,
  (select count(*) from meshhook_river.river_job j where j.kind = 'run' and j.state = 'running') as claimed,
  (select count(*) from meshhook_river.river_job j where j.kind = 'run' and j.state = 'scheduled') as leased,
  (select count(*) from meshhook.waits) as waits,
  (select count(*) from meshhook.waits w where w.due_at < clock_timestamp()) as waits_due,
  (select count(*) from meshhook.processes) as processes;
comment on view meshhook.queue_health is 'One row: what waits for a worker, what is worked on, what waits for its time.';
comment on column meshhook.queue_health.available is 'Queue rows that any worker may claim now.';
comment on column meshhook.queue_health.oldest_available is 'How long the oldest of them has waited.';
comment on column meshhook.queue_health.claimed is 'Rows that workers have claimed through River.';
comment on column meshhook.queue_health.leased is 'Rows that a process holds without a claim, with a dead man''s switch.';
comment on column meshhook.queue_health.waits is 'Retries and delays that wait for their time.';
comment on column meshhook.queue_health.waits_due is 'Of these, the ones that are due.';
comment on column meshhook.queue_health.processes is 'Processes registered.';
