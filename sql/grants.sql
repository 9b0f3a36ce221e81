-- Every grant, in one list. PUBLIC gets nothing; people read views and call verbs; operators besides look after settings and
-- memberships; servers call the engine. What somebody sees of a table is the policies' business, which columns is this file's.
-- Re-applied whenever a file changes: what is made new is covered by the loops, and a name below that does not exist is no error.

do $$
declare
  v_schema   text;
  v_item     record;
  v_engine   constant text[] := array[  -- what servers and workers call
    'recall',
    'approval', 'answer_approval',
    'register', 'rejoin', 'beat', 'endpoint', 'door_rates', 'count_rejections', 'take_spooled', 'accept', 'begin', 'deliver', 'release', 'wake', 'maintain', 'run_results',
    'unwanted',
    'data_key', 'secret', 'take_reevaluations', 'settle_reevaluation'];
  v_inner    constant text[] := array[  -- what those functions call in turn that views call on behalf of whoever reads
    'canonical'];
  v_operator constant text[] := array[  -- verbs of the whole installation
    'requeue', 'maintain', 'after_restore'];
  v_hidden   constant jsonb := '{
    "secrets": ["sealed", "key_id"], "endpoint_secrets": ["sealed", "key_id"], "key_ring": ["wrapped"],
    "approval_links": ["token_sha256"], "endpoints": ["token"], "requests": ["path", "evidence"]}';
  v_internal constant text[] := array['settings', 'repeatables', 'goose_db_version', 'processes', 'trusted_sessions', 'key_ring'];
  v_writable constant text[] := array['settings', 'trusted_sessions', 'projects', 'members', 'vars', 'verify_presets'];
  v_shared   constant text[] := array['verify_presets'];  -- written by people too, as the policies allow
begin
  -- Nothing for PUBLIC, nor for any role of ours beyond what follows.
  foreach v_schema in array array['meshhook', 'meshhook_expr', 'meshhook_engine'] loop
    execute format('revoke all on schema %I from public', v_schema);
    execute format('revoke all on all tables in schema %I from public, meshhook_user, meshhook_admin, meshhook_api, meshhook_worker', v_schema);
    execute format('revoke all on all sequences in schema %I from public, meshhook_user, meshhook_admin, meshhook_api, meshhook_worker', v_schema);
    execute format('revoke all on all functions in schema %I from public, meshhook_user, meshhook_admin, meshhook_api, meshhook_worker', v_schema);
    for v_item in
      select t.typname from pg_catalog.pg_type t
      where t.typnamespace = to_regnamespace(v_schema) and t.typtype in ('e', 'd')
    loop
      execute format('revoke all on type %I.%I from public', v_schema, v_item.typname);
      execute format('grant usage on type %I.%I to meshhook_owner, meshhook_engine, meshhook_user, meshhook_admin, meshhook_api, meshhook_worker', v_schema, v_item.typname);
    end loop;
  end loop;

  grant usage on schema meshhook to meshhook_user, meshhook_admin, meshhook_api, meshhook_worker;
  grant usage on schema meshhook_expr to meshhook_engine, meshhook_user, meshhook_admin;
  grant usage on schema meshhook_engine to meshhook_owner, meshhook_admin, meshhook_api, meshhook_worker;

  -- The expression language is pure: whoever may use the product may index by it.
  grant execute on all functions in schema meshhook_expr to meshhook_owner, meshhook_engine, meshhook_user, meshhook_admin;

  -- The engine owns its functions and the verbs; views and triggers of the owner call some of them.
  grant execute on all functions in schema meshhook_engine, meshhook to meshhook_owner, meshhook_engine;

  -- Verbs.
  for v_item in
    select p.oid::regprocedure as signature, p.proname
    from pg_catalog.pg_proc p
    where p.pronamespace = to_regnamespace('meshhook') and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
  loop
    execute format('grant execute on function %s to meshhook_admin', v_item.signature);
    if not v_item.proname = any (v_operator) then
      execute format('grant execute on function %s to meshhook_user', v_item.signature);
    end if;
  end loop;

  -- Trigger functions that people put on tables of their own, by watch_table.
  grant execute on function meshhook.watched_read(), meshhook.watched_start(), meshhook.watched_end() to meshhook_user, meshhook_admin;

  -- Engine functions: what servers call, and what policies and views call on behalf of whoever reads. People have no USAGE on
  -- the schema, so they reach the latter through policies and views alone.
  for v_item in
    select p.oid::regprocedure as signature, p.proname
    from pg_catalog.pg_proc p
    where p.pronamespace = to_regnamespace('meshhook_engine') and p.prokind = 'f' and p.proname = any (v_engine)
  loop
    execute format('grant execute on function %s to meshhook_api, meshhook_worker', v_item.signature);
  end loop;
  for v_item in
    select distinct d.refobjid::regprocedure as signature
    from pg_catalog.pg_depend d
    join pg_catalog.pg_proc p on p.oid = d.refobjid and p.pronamespace = to_regnamespace('meshhook_engine')
    left join pg_catalog.pg_rewrite r on d.classid = 'pg_catalog.pg_rewrite'::regclass and r.oid = d.objid
    left join pg_catalog.pg_policy o on d.classid = 'pg_catalog.pg_policy'::regclass and o.oid = d.objid
    join pg_catalog.pg_class c on c.oid = coalesce(r.ev_class, o.polrelid) and c.relnamespace = to_regnamespace('meshhook')
    where d.refclassid = 'pg_catalog.pg_proc'::regclass
    union
    select p.oid::regprocedure from pg_catalog.pg_proc p
    where p.pronamespace = to_regnamespace('meshhook_engine') and p.proname = any (v_inner)
  loop
    execute format('grant execute on function %s to meshhook_user, meshhook_admin', v_item.signature);
  end loop;

  -- Tables and views: people read, except what is sealed. Partitions are read through their parents only.
  for v_item in
    select c.oid, c.relname, c.relkind
    from pg_catalog.pg_class c
    where c.relnamespace = to_regnamespace('meshhook') and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
  loop
    execute format('grant select on meshhook.%I to meshhook_admin', v_item.relname);
    if v_item.relkind in ('r', 'p') then
      execute format('grant select, insert, update, delete on meshhook.%I to meshhook_engine', v_item.relname);
    end if;
    if v_item.relname = any (v_writable) then
      execute format('grant insert, update, delete on meshhook.%I to meshhook_admin', v_item.relname);
    end if;
    continue when v_item.relname = any (v_internal);
    if v_item.relname = any (v_shared) then
      execute format('grant insert, update, delete on meshhook.%I to meshhook_user', v_item.relname);
    end if;
    if v_hidden ? v_item.relname then
      execute format('grant select (%s) on meshhook.%I to meshhook_user',
        (select string_agg(format('%I', a.attname), ', ' order by a.attnum)
         from pg_catalog.pg_attribute a
         where a.attrelid = v_item.oid and a.attnum > 0 and not a.attisdropped and not (v_hidden -> v_item.relname) ? a.attname::text),
        v_item.relname);
    else
      execute format('grant select on meshhook.%I to meshhook_user', v_item.relname);
    end if;
  end loop;
  grant usage on all sequences in schema meshhook to meshhook_engine, meshhook_admin;
  revoke update, delete on meshhook.audit_log from meshhook_engine;

  -- The queue is its own (river.sql); operators look on.
  revoke all on all tables in schema meshhook_river from public;
  grant usage on schema meshhook_river to meshhook_admin;
  grant select on all tables in schema meshhook_river to meshhook_admin;
end $$;
