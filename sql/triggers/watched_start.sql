-- role: meshhook_engine
-- Second of the two triggers on a watched table: starts what the change is to start. Runs as the engine, and therefore touches
-- neither the row nor anything that its owner could have made: only the JSON that the first trigger has put down just before.
-- Called by: triggers that watch_table makes.
create or replace function meshhook.watched_start() returns trigger
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
declare
  v_change text := case when tg_op = 'TRUNCATE' then '{"op": "truncate", "new": null, "old": null}' else current_setting('meshhook.watched', true) end;
begin
  perform set_config('meshhook.watched', '', true);
  if v_change <> '' then
    perform meshhook_engine.watched_change(tg_argv[0]::int, tg_relid, tg_name, lower(tg_op), v_change::jsonb);
  end if;
  return null;
end $$;
