-- role: meshhook_engine
-- A statement that names a partition does not end as a statement on the watched table: what it has kept becomes runs at the
-- commit. Most of the time nothing is left by then.
create or replace function meshhook_engine.watched_rest() returns trigger
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  perform meshhook_engine.flush_watched(new.watch_id);
  return null;
end $$;
grant execute on function meshhook_engine.watched_rest() to meshhook_owner;  -- who puts it on the table
