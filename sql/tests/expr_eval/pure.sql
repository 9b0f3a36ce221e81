-- The functions people and the engine call are immutable and parallel safe, and described; so an index may stand on them.
begin;
select plan(11);
select is((select array_agg(p.proname::text order by p.proname) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'meshhook_expr' and p.provolatile <> 'i' and p.proname <> 'fail'), null, 'everything but raising is immutable');
select is((select array_agg(p.proname::text order by p.proname) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'meshhook_expr' and (p.proparallel <> 's' or p.prosecdef)), null, 'everything is parallel safe and runs as its caller');
select is((select string_agg(p.proname, ',') from pg_proc p join pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'meshhook' and p.proname in ('jmespath', 'render') and (p.provolatile <> 'i' or p.proparallel <> 's')), null, 'so are the verbs');
select isnt(obj_description(f::regprocedure, 'pg_proc'), null, f || ' is described') from unnest(array[
  'meshhook.jmespath(text,jsonb)', 'meshhook.render(jsonb,jsonb)', 'meshhook_expr.parse(text)', 'meshhook_expr.eval(jsonb,jsonb)', 'meshhook_expr.references(jsonb)']) f;
create temporary table orders (body jsonb);
insert into orders select jsonb_build_object('id', i, 'customer', jsonb_build_object('name', 'n' || i)) from generate_series(1, 50) i;
select lives_ok($$create index orders_name on orders (meshhook.jmespath('customer.name', body))$$, 'an index on an expression');
select lives_ok($$create index orders_text on orders (meshhook.render('"{{ id }}-{{ customer.name }}"', body))$$, 'an index on a template');
set local enable_seqscan = off;
select is((select body ->> 'id' from orders where meshhook.jmespath('customer.name', body) = '"n7"'), '7', 'and it finds');
select * from finish();
rollback;
