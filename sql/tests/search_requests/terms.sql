-- Requests are found by what they are and by what they hold, indexed or not.
begin;
select plan(18);
-- with: flow.sql
-- with: door.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "trigger.body"}')), pg_temp.edges('trigger>a'));
insert into ends select n, id from unnest(array['plain', 'found']) n, meshhook.create_endpoint('proof', 'flow', '{"kind": "none"}', jsonb_build_object('name', n) || case n when 'found' then '{"search": ["body.order.id", "headers.content-type", "query.q"], "filter": "trigger.body.order.id != `3`"}' else '{}' end::jsonb);
select count(a.*) from ends, meshhook_engine.accept(null, 0, array(select pg_temp.item(id) from generate_series(1, 5)),
  array['{"order": {"id": 1}, "who": "ann"}', '{"order": {"id": "2"}, "who": "bob"}', '{"order": {"id": 3}}', 'bad', '{"order": {"id": 1}, "who": "cid"}']::bytea[]) a;
select count(*) from ends, meshhook_engine.accept(null, 0, array[pg_temp.item(id) || '{"verdict": "rejected", "cause": "MH_SIGNATURE_WRONG", "message": "no"}'], array['{"order": {"id": 1}}']::bytea[]);
create function pg_temp.found(terms jsonb) returns text language sql as $$
  select string_agg(s.endpoint || ':' || s.verdict, ' ' order by s.endpoint, s.id) from meshhook.search_requests('proof', terms, '2020-01-01') s $$;
select is((select count(*) from meshhook.search_requests('proof')), 12::bigint, 'all');
select is((select count(*) from meshhook.search_requests('proof', most => 3)), 3::bigint, 'the newest first, so many');
select is(pg_temp.found('{"verdict": "rejected"}'), 'found:rejected plain:rejected', 'by verdict');
select is(pg_temp.found('{"verdict": "rejected", "endpoint": "plain"}'), 'plain:rejected', 'and endpoint');
select is(pg_temp.found('{"cause": "MH_BODY_JSON"}'), 'found:invalid plain:invalid', 'by cause');
select is(pg_temp.found('{"verdict": "ignored"}'), 'found:ignored', 'what the filter let out');
select is(pg_temp.found('{"body.order.id": "1"}'), 'found:accepted found:accepted', 'by an indexed path: what the index knows');
select is(pg_temp.found('{"body.order.id": "3"}'), 'found:ignored', 'also what was ignored');
select is(pg_temp.found('{"body.order.id": "2", "body.who": "bob"}'), 'found:accepted', 'with more besides');
select is(pg_temp.found('{"body.who": "ann"}'), 'found:accepted plain:accepted', 'by any other path, out of the bytes');
select is(pg_temp.found('{"body.who": "ann", "endpoint": "plain"}'), 'plain:accepted', 'of one endpoint');
select is(pg_temp.found('{"headers.content-type": "application/json", "query.q": "1", "body.who": "cid"}'), 'found:accepted', 'headers and query');
select is(pg_temp.found('{"body.who": "nobody"}'), null, 'nothing is nothing');
select is((select count(*) from meshhook.request_terms), 12::bigint, 'only what was asked for is kept');
select throws_like(format('select meshhook.search_requests(''proof'', %L)', t), 'MH_SEARCH: %', coalesce(t, 'null')) from unnest(array['{"what": 1}', '{"verdict": "good"}', '{"endpoint": "none"}', '[]']) t;
select * from finish();
rollback;
