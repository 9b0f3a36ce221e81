-- Starts a workflow for changes of a table, in the transaction that makes them: both commit, or neither.
--
-- Runs as its caller, who must own the table: the triggers are made with the caller's rights, and PostgreSQL itself parses the
-- condition as their WHEN and evaluates it with the rights of whoever changes the table, as it does for any trigger. The engine
-- never sees it. What is kept is kept by put_watch, which asks for the right to edit the project.
-- An event that the condition cannot be about (old for an insert, new for a delete) is left out when all three are asked for,
-- refused when it was asked for by name. Answers with the events that are watched.
-- Locks: the table (share row exclusive), while triggers are made; the watch's row.
create or replace function meshhook.watch_table(
  "table" regclass, project text, workflow text, events text[] default '{insert,update,delete}', "when" text default null,
  key text default null, batch int default 1)
returns text[]
language plpgsql volatile as $$
declare
  v_class     record;
  v_events    text[] := array(select distinct pg_catalog.lower(e) from pg_catalog.unnest(events) e order by 1);
  v_key       text := pg_catalog.regexp_replace(key, '^(new|old)\.', '');
  v_condition text := nullif(pg_catalog.btrim("when", E' \t\n\r'), '');
  v_all       boolean;
  v_id        int;
  v_event     text;
  v_done      text[] := '{}'::text[];
  v_when      text := '';
  v_cursor    refcursor;
  v_cause     text;
begin
  select c.relkind, c.relpersistence, n.nspname, pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
         pg_catalog.pg_has_role(current_user, c.relowner, 'usage') as owned
  into v_class
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = "table";
  if v_class.name is null or v_class.relkind not in ('r', 'p') or v_class.relpersistence = 't' or v_class.nspname ~ '^(meshhook|pg_|information_schema$)' then
    raise exception using
      errcode = 'MH400', message = pg_catalog.format('MH_WATCH_TABLE: %s is no table that can be watched', coalesce(v_class.name, "table"::text, 'null')),
      detail = '{"code": "MH_WATCH_TABLE"}', hint = 'Tables and partitioned tables can, but no views, foreign or temporary tables, nor those of MeshHook and of the system.';
  end if;
  if not v_class.owned then
    raise exception using
      errcode = 'MH403', message = pg_catalog.format('MH_WATCH_NOT_OWNER: %s must be owner of table %s', current_user, v_class.name),
      detail = '{"code": "MH_WATCH_NOT_OWNER"}', hint = 'Triggers are made with the rights of whoever calls this.';
  end if;
  if v_events = '{}' or v_events is null or pg_catalog.array_position(v_events, null) is not null or not v_events <@ '{insert,update,delete,truncate}'::text[] then
    raise exception using
      errcode = 'MH400', message = pg_catalog.format('MH_WATCH_EVENTS: %s is no list of events', coalesce(pg_catalog.quote_literal(pg_catalog.left(events::text, 100)), 'null')),
      detail = '{"code": "MH_WATCH_EVENTS"}', hint = 'Give some of {insert,update,delete,truncate}.';
  end if;
  if batch is null or batch not between 1 and 1000 then
    raise exception using
      errcode = 'MH400', message = pg_catalog.format('MH_WATCH_BATCH: %s rows for one run are not possible', coalesce(batch::text, 'null')),
      detail = '{"code": "MH_WATCH_BATCH"}', hint = '1 is a run for each row; at most 1000 rows go into one.';
  end if;
  if v_key is not null and (batch > 1 or not exists (
    select from pg_catalog.pg_attribute a where a.attrelid = "table" and a.attname = v_key and a.attnum > 0 and not a.attisdropped))
  then
    raise exception using
      errcode = 'MH400',
      message = case when batch > 1 then 'MH_WATCH_KEY: a run for several rows has no business key'
                     else pg_catalog.format('MH_WATCH_KEY: table %s has no column %s', v_class.name, pg_catalog.quote_literal(pg_catalog.left(v_key, 100))) end,
      detail = '{"code": "MH_WATCH_KEY"}', hint = 'key is the name of a column, for watches with a run for each row.';
  end if;
  if v_condition is not null then
    if pg_catalog.length(v_condition) > 10000 then
      raise exception using
        errcode = 'MH422', message = pg_catalog.format('MH_WATCH_WHEN: the condition has %s characters', pg_catalog.length(v_condition)),
        detail = '{"code": "MH_WATCH_WHEN"}', hint = 'At most 10000 are allowed.';
    end if;
    -- One expression, and nothing that only looks like one in one place: a cursor takes no second statement, and what breaks out
    -- of parentheses does not fit between brackets. Nothing is fetched.
    begin
      open v_cursor for execute pg_catalog.format(E'select 1 from %s as new, %s as old where (%s\n)', "table", "table", v_condition);
      close v_cursor;
      open v_cursor for execute pg_catalog.format(E'select array[%s\n]::boolean[] from %s as new, %s as old', v_condition, "table", "table");
      close v_cursor;
    exception
      when others then
        raise exception using
          errcode = 'MH422', message = pg_catalog.format('MH_WATCH_WHEN: %s', sqlerrm),
          detail = '{"code": "MH_WATCH_WHEN"}', hint = 'Give one SQL condition over new and old, such as new.status = ''paid'' and old.status is distinct from new.status.';
    end;
    v_when := pg_catalog.format(E'when (%s\n)', v_condition);
  end if;

  v_all := v_events @> '{insert,update,delete}';
  v_id := meshhook.put_watch("table", project, workflow, v_events, v_condition, v_key, batch);
  perform meshhook.drop_watch_triggers("table", v_id);
  foreach v_event in array v_events loop
    if v_event = 'truncate' then
      execute pg_catalog.format('create trigger %I after truncate on %s for each statement execute function meshhook.watched_start(%L)',
        'meshhook_watch_' || v_id || '_truncate_2', "table", v_id);
      v_done := v_done || v_event;
      continue;
    end if;
    begin
      execute pg_catalog.format('create trigger %I after %s on %s for each row %s execute function meshhook.watched_read()',
        'meshhook_watch_' || v_id || '_' || v_event || '_1', v_event, "table", v_when);
      execute pg_catalog.format('create trigger %I after %s on %s for each row %s execute function meshhook.watched_start(%L)',
        'meshhook_watch_' || v_id || '_' || v_event || '_2', v_event, "table", v_when, v_id);
      v_done := v_done || v_event;
    exception
      when invalid_object_definition or feature_not_supported or datatype_mismatch or grouping_error or windowing_error then
        v_cause := sqlerrm;
        if not v_all or sqlstate <> '42P17' then
          raise exception using
            errcode = 'MH422', message = pg_catalog.format('MH_WATCH_WHEN: %s', v_cause),
            detail = '{"code": "MH_WATCH_WHEN"}', hint = 'The condition is the WHEN of a trigger: no subqueries, no new for delete, no old for insert.';
        end if;
    end;
  end loop;
  if v_done = '{}' then
    raise exception using
      errcode = 'MH422', message = pg_catalog.format('MH_WATCH_WHEN: %s', v_cause),
      detail = '{"code": "MH_WATCH_WHEN"}', hint = 'There is no event that the condition could be about.';
  end if;
  if batch > 1 then
    foreach v_event in array v_done loop
      continue when v_event = 'truncate';
      execute pg_catalog.format('create trigger %I after %s on %s for each statement execute function meshhook.watched_end(%L)',
        'meshhook_watch_' || v_id || '_' || v_event || '_3', v_event, "table", v_id);
    end loop;
  end if;
  if v_done <> v_events then
    perform meshhook.put_watch("table", project, workflow, v_done, v_condition, v_key, batch);
  end if;
  return v_done;
end $$;
comment on function meshhook.watch_table(regclass, text, text, text[], text, text, int) is
  'Starts a workflow for changes of a table you own, in the transaction that makes them: which events, "when" a condition over new and old, the column that is the business key, how many rows a run. Returns the events watched.';
