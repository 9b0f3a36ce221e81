-- Drops the triggers of one watch, with the rights of whoever calls. A part of watch_table and unwatch_table.
create or replace function meshhook.drop_watch_triggers("table" regclass, watch int) returns void
language plpgsql volatile as $$
declare
  v_name name;
begin
  for v_name in
    select t.tgname from pg_catalog.pg_trigger t
    where t.tgrelid = "table" and t.tgparentid = 0 and t.tgname ~ ('^meshhook_watch_' || watch || '_(insert|update|delete|truncate)_[123]$')
  loop
    execute pg_catalog.format('drop trigger %I on %s', v_name, "table");
  end loop;
end $$;
comment on function meshhook.drop_watch_triggers(regclass, int) is 'A part of meshhook.unwatch_table: drops the triggers of a watch, with your own rights.';
