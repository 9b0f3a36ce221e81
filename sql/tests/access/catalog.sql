-- Rules over the whole catalog: row security everywhere, nothing for PUBLIC, definers with a fixed path, views that ask as the reader.
begin;
select plan(8);
select is_empty($$select c.oid::regclass from pg_class c where c.relnamespace = 'meshhook'::regnamespace and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)$$,
  'row security is on and forced on every table and partition');
select is_empty($$select c.oid::regclass, r from pg_class c, unnest(array['meshhook_owner', 'meshhook_engine', 'meshhook_admin']) r
  where c.relnamespace = 'meshhook'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    and not exists (select from pg_policy p where p.polrelid = c.oid and r::regrole = any (p.polroles))$$, 'owner, engine and admin have a policy on every table');
select is_empty($$select c.oid::regclass from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'project_id'
  where c.relnamespace = 'meshhook'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'key_ring'
    and not exists (select from pg_policy p where p.polrelid = c.oid and 'meshhook_user'::regrole = any (p.polroles) and pg_get_expr(p.polqual, p.polrelid) like '%my_projects%')$$,
  'people see tenant tables by project');
select is_empty($$select p.oid::regprocedure from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
  where p.pronamespace in ('meshhook'::regnamespace, 'meshhook_expr'::regnamespace, 'meshhook_engine'::regnamespace) and a.grantee = 0$$, 'PUBLIC may execute nothing');
select is_empty($$select c.oid::regclass from pg_class c, aclexplode(c.relacl) a
  where c.relnamespace in ('meshhook'::regnamespace, 'meshhook_river'::regnamespace) and a.grantee = 0$$, 'PUBLIC may read nothing');
select is_empty($$select p.oid::regprocedure from pg_proc p
  where p.pronamespace in ('meshhook'::regnamespace, 'meshhook_expr'::regnamespace, 'meshhook_engine'::regnamespace) and p.prosecdef
    and not coalesce(p.proconfig, '{}') && array['search_path=""', 'search_path=']$$, 'every security definer has an empty search path');
select is_empty($$select c.oid::regclass from pg_class c where c.relnamespace = 'meshhook'::regnamespace and c.relkind = 'v'
  and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on']$$, 'every view asks as its reader');
select is_empty($$select p.oid::regprocedure from pg_proc p
  where p.pronamespace = 'meshhook'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype and obj_description(p.oid, 'pg_proc') is null
  union all select null from pg_class c where c.relnamespace = 'meshhook'::regnamespace and c.relkind = 'v' and obj_description(c.oid, 'pg_class') is null
  union all select null from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where c.relnamespace = 'meshhook'::regnamespace and c.relkind = 'v' and col_description(c.oid, a.attnum) is null$$, 'what people see is commented');
select * from finish();
rollback;
