-- Rates of endpoints: a burst, then what the rate brings; each endpoint for itself, several requests in one go.
begin;
select plan(15);
-- with: flow.sql
-- with: door.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('terminate', '{}')), pg_temp.edges('trigger>a'));
insert into ends select n, id from unnest(array['rated', 'free', 'slow']) n, meshhook.create_endpoint('proof', 'flow', '{"kind": "none"}', jsonb_build_object('name', n) ||
  (case n when 'rated' then '{"rate": {"amount": 60, "per": "1m", "burst": 3}}' when 'slow' then '{"rate": {"amount": 1, "per": "1h"}}' else '{}' end)::jsonb);
create function pg_temp.ask(variadic names text[]) returns text language sql as $$
  select string_agg(case when r.allowed then 'y' else 'n' end, '' order by r.item)
  from meshhook_engine.door_rates((select array_agg(e.id order by n) from unnest(names) with ordinality x(name, n) join ends e using (name))) r $$;
create function pg_temp.one(name text) returns jsonb language sql as $$ select to_jsonb(r) from ends e, meshhook_engine.door_rates(array[e.id]) r where e.name = one.name $$;
select is(pg_temp.ask('free', 'free', 'free', 'free'), 'yyyy', 'without a rate all come in');
select is(pg_temp.one('free') -> 'most', 'null', 'and there is nothing to say');
select is(pg_temp.one('rated'), '{"item": 1, "allowed": true, "most": 3, "left": 2, "reset_ms": 1000, "retry_ms": 0}', 'one of three');
select is(pg_temp.ask('rated', 'slow', 'rated', 'rated', 'slow', 'free'), 'yyynny', 'in one go, each endpoint for itself');
select is(pg_temp.one('rated'), '{"item": 1, "allowed": false, "most": 3, "left": 0, "reset_ms": 3000, "retry_ms": 1000}', 'none is left; when to come again');
select pg_temp.at('999 milliseconds');
select is(pg_temp.ask('rated'), 'n', 'not yet');
select pg_temp.at('1 millisecond');
select is(pg_temp.ask('rated', 'rated'), 'yn', 'one a second');
select pg_temp.at('2 seconds');
select is(pg_temp.ask('rated', 'rated', 'rated'), 'yyn', 'what the time has brought');
select pg_temp.at('1 hour');
select is(pg_temp.ask('rated', 'rated', 'rated', 'rated'), 'yyyn', 'never more than the burst');
select pg_temp.at('-1 day');
select is(pg_temp.ask('rated'), 'n', 'a clock that went back a day');
select pg_temp.at('3 seconds');
select is(pg_temp.ask('rated', 'rated', 'rated', 'rated'), 'yyyn', 'shuts the door no longer than a full bucket takes');
select is((select count(*) from meshhook.rate_buckets), 2::bigint, 'one row a rate');
select throws_like(format('select meshhook.set_endpoint(id, %L) from ends where name = ''rated''', o), 'MH_ENDPOINT_OPTION: %', o) from unnest(array['{"rate": {"amount": 0, "per": "1m"}}', '{"rate": {"amount": 1}}', '{"rate": 7}']) o;
select * from finish();
rollback;
