-- Ends what watch_table began. Runs as its caller: triggers are dropped by whoever owns the table; for others they stay, start
-- nothing, and a warning says so. Locks: the watch's row, the table while triggers are dropped.
create or replace function meshhook.unwatch_table("table" regclass, project text, workflow text) returns void
language plpgsql volatile as $$
declare
  v_id int := meshhook.take_watch("table", project, workflow);
begin
  if (select pg_catalog.pg_has_role(current_user, c.relowner, 'usage') from pg_catalog.pg_class c where c.oid = "table") then
    perform meshhook.drop_watch_triggers("table", v_id);
  else
    raise warning using message = pg_catalog.format('MH_WATCH_TRIGGERS_LEFT: %s does not own %s: the triggers meshhook_watch_%s_* stay and start nothing', current_user, "table", v_id);
  end if;
end $$;
comment on function meshhook.unwatch_table(regclass, text, text) is 'Ends a watch of a table; its triggers go if you own the table.';
