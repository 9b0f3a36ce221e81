-- One change of a watched table: a run at once, or kept for the end of its statement when the watch puts rows together.
-- What is not a change of that table, by that event, told by the watch's own trigger, starts nothing: whoever may make
-- triggers may name this one in theirs. Called by: watched_start.
create or replace function meshhook_engine.watched_change(p_watch int, p_relation oid, p_trigger name, p_op text, p_change jsonb) returns void
language plpgsql volatile as $$
declare
  v_watch meshhook.watched_tables;
  v_table text;
begin
  select * into v_watch from meshhook.watched_tables w where w.id = p_watch;
  if v_watch.id is null or not p_op = any (v_watch.events) or p_trigger <> format('meshhook_watch_%s_%s_2', p_watch, p_op)
     or not (v_watch.relation = p_relation or exists (select from pg_catalog.pg_partition_ancestors(p_relation) a where a.relid = v_watch.relation))
  then
    return;
  end if;
  if v_watch.batch > 1 and p_op <> 'truncate' then
    insert into meshhook.watched_changes (project_id, watch_id, tx, change)
    values (v_watch.project_id, v_watch.id, pg_current_xact_id(), p_change);
    return;
  end if;
  select format('%I.%I', n.nspname, c.relname) into v_table
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = v_watch.relation;
  perform meshhook_engine.start_watched(
    v_watch, p_op,
    array[jsonb_build_object('table', v_table, 'op', p_op, 'new', p_change -> 'new', 'old', p_change -> 'old')],
    coalesce(p_change -> 'new' ->> v_watch.key, p_change -> 'old' ->> v_watch.key));
end $$;
