-- role: meshhook_owner
-- Upkeep that comes back: partitions four weeks ahead, idempotency keys older than a week and what
-- became of schedules more than a month ago dropped, watches of tables that are gone forgotten. Idempotent.
-- Owned by the owner of the tables: only an owner may add partitions.
-- Locks: a table lock on each partitioned table while a partition is added.
-- Called by: the migration at its end, every worker once an hour.
create or replace function meshhook_engine.maintain() returns table (task text, did int)
language plpgsql volatile security definer set search_path = '' as $$
begin
  task := 'partitions';
  did := meshhook_engine.add_partitions(clock_timestamp(), 4);
  return next;
  task := 'idempotency keys';
  delete from meshhook.idempotency_keys k where k.created_at < clock_timestamp() - interval '7 days';
  get diagnostics did = row_count;
  return next;
  task := 'deliveries';
  delete from meshhook.deliveries d where d.expires_at < clock_timestamp() - interval '1 hour';
  get diagnostics did = row_count;
  return next;
  task := 'signals';
  delete from meshhook.signals s where s.expires_at < clock_timestamp();
  get diagnostics did = row_count;
  return next;
  task := 'approval links';
  delete from meshhook.approval_links l where l.expires_at < clock_timestamp() - interval '30 days';
  get diagnostics did = row_count;
  return next;
  task := 'schedule runs';
  delete from meshhook.schedule_runs k where k.at < clock_timestamp() - interval '30 days';
  get diagnostics did = row_count;
  return next;
  task := 'watches of dropped tables';
  delete from meshhook.watched_tables w where not exists (select from pg_catalog.pg_class c where c.oid = w.relation);
  get diagnostics did = row_count;
  return next;
end $$;
