-- role: meshhook_owner
-- Leaves a gap in the ids of queue rows and processes. A restore sets sequences back: without the gap, a process that still
-- lives in the old timeline and a new one would have the same id, and their leases the same rows.
-- Owned by the owner of the tables: only an owner may set a sequence. Called by: after_restore.
create or replace function meshhook_engine.skip_ids() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform setval('meshhook_river.river_job_id_seq', nextval('meshhook_river.river_job_id_seq') + 1000000000);
  perform setval(s.name, nextval(s.name) + 1000000) from (select pg_get_serial_sequence('meshhook.processes', 'id')::regclass as name) s;
end $$;
