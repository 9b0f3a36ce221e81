-- role: meshhook_engine
-- At the end of a statement on a table that is watched in batches: the rows it has changed become runs.
-- Called by: triggers that watch_table makes.
create or replace function meshhook.watched_end() returns trigger
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
begin
  perform meshhook_engine.flush_watched(tg_argv[0]::int);
  return null;
end $$;
