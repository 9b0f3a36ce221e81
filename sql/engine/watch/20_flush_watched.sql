-- Puts the rows that this transaction has kept for a watch together: a run for as many as its batch says, a megabyte at most.
-- Locks: the rows, which nobody else sees. Called by: watched_end, watched_rest.
create or replace function meshhook_engine.flush_watched(p_watch int) returns void
language plpgsql volatile as $$
declare
  v_watch  meshhook.watched_tables;
  v_table  text;
  v_change jsonb;
  v_part   jsonb[] := '{}'::jsonb[];
  v_size   bigint := 0;
  v_bodies jsonb[] := '{}'::jsonb[];
begin
  select * into v_watch from meshhook.watched_tables w where w.id = p_watch;
  if v_watch.id is null or not exists (
    select from meshhook.watched_changes c
    where c.project_id = v_watch.project_id and c.watch_id = v_watch.id and c.tx = pg_current_xact_id_if_assigned())
  then
    return;
  end if;
  select format('%I.%I', n.nspname, c.relname) into v_table
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = v_watch.relation;
  for v_change in
    with gone as (
      delete from meshhook.watched_changes c
      where c.project_id = v_watch.project_id and c.watch_id = v_watch.id and c.tx = pg_current_xact_id()
      returning c.id, c.change
    )
    select g.change from gone g order by g.id
  loop
    if cardinality(v_part) = v_watch.batch or v_size + octet_length(v_change::text) > 1048576 and v_part <> '{}' then
      v_bodies := v_bodies || jsonb_build_object('table', v_table, 'changes', to_jsonb(v_part));
      v_part := '{}';
      v_size := 0;
    end if;
    v_part := v_part || v_change;
    v_size := v_size + octet_length(v_change::text);
  end loop;
  v_bodies := v_bodies || jsonb_build_object('table', v_table, 'changes', to_jsonb(v_part));
  perform meshhook_engine.start_watched(v_watch, 'batch', v_bodies, null);
end $$;
