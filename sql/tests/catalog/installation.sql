-- What an installation leaves behind: roles without powers, owners as agreed, nothing in public.
begin;
select plan(6);
select is_empty($$select rolname from pg_roles where rolname like 'meshhook\_%'
  and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)$$, 'no role of ours has powers over the cluster');
select set_eq($$select rolname::text from pg_roles where rolname like 'meshhook\_%' and rolcanlogin$$,
  array['meshhook_api', 'meshhook_worker'], 'only the API and the worker may log in');
select is_empty($$select c.oid::regclass::text from pg_class c where c.relnamespace = 'public'::regnamespace
  union all select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'public'::regnamespace
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')$$, 'nothing of ours is in public');
select is_empty($$select c.oid::regclass, c.relowner::regrole from pg_class c
  where c.relnamespace in ('meshhook'::regnamespace, 'meshhook_river'::regnamespace) and c.relkind in ('r', 'p', 'v', 'S')
    and c.relowner not in ('meshhook_owner'::regrole, 'meshhook_engine'::regrole)$$, 'tables and views belong to the owner, partitions may to the engine');
select is_empty($$select p.oid::regprocedure, p.proowner::regrole from pg_proc p
  where p.pronamespace in ('meshhook'::regnamespace, 'meshhook_expr'::regnamespace, 'meshhook_engine'::regnamespace)
    and p.proowner not in ('meshhook_owner'::regrole, 'meshhook_engine'::regrole)$$, 'functions belong to the owner or the engine');
select is_empty($$select i.indexrelid::regclass from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
  where i.indrelid = 'meshhook_river.river_job'::regclass and a.amname = 'gin'$$, 'the queue has no index that nobody reads');
select * from finish();
rollback;
