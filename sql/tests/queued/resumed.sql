-- What comes while an endpoint is paused is kept, and taken in when it opens again: oldest first, once.
begin;
select plan(13);
-- with: flow.sql
-- with: door.sql

select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "[trigger.body.n, trigger.request_id, trigger.received_at]"}')), pg_temp.edges('trigger>a'));
insert into ends select 'one', id from meshhook.create_endpoint('proof', 'flow', '{"kind": "none"}', '{"dedupe": {"key": "trigger.body.id"}}');
create function pg_temp.send(variadic bodies text[]) returns text language sql as $$
  select string_agg(a.verdict, ' ' order by a.item) from meshhook_engine.accept(null, 0,
    (select array_agg(pg_temp.item(id)) from ends, unnest(bodies)), (select array_agg(convert_to(b, 'UTF8')) from unnest(bodies) b)) a $$;
create function pg_temp.take_in() returns int language sql as $$ select did from meshhook_engine.wake(null, 100) where task = 'queued requests' $$;
select lives_ok($$select meshhook.pause_endpoint(id) from ends$$, 'paused');
select is(pg_temp.send('{"id": 1, "n": 1}', '{"id": 2, "n": 2}', '{"id": 1, "n": 3}', 'bad'), 'queued queued queued queued', 'all is queued');
select is((select count(*) from meshhook.runs), 0::bigint, 'nothing runs');
select is(pg_temp.take_in(), 0, 'and nothing is taken in');
select pg_temp.at('10 minutes');
select lives_ok($$select meshhook.resume_endpoint(id) from ends$$, 'opened');
select is(pg_temp.take_in(), 4, 'all are taken in');
select is(pg_temp.take_in(), 0, 'once');
select is((select string_agg(verdict || ' ' || coalesce(cause, '-'), ', ' order by id) from meshhook.requests),
  'accepted -, accepted -, duplicate MH_DUPLICATE, invalid MH_BODY_JSON', 'each as if it came now');
select is((select array_agg(output order by id) from meshhook.runs),
  (select array_agg(jsonb_build_array(n, q.id, to_char(q.received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) order by q.id)
   from (select row_number() over (order by id) as n, id, received_at from meshhook.requests) q where n <= 2), 'runs see the moment of arrival');
select is((select count(*) from meshhook.endpoints where resumed_at is not null), 1::bigint, 'for a while the endpoint is still looked at');
update meshhook.endpoints set resumed_at = resumed_at - interval '10 days';
select is(pg_temp.take_in(), 0, 'then no more');
select is((select count(*) from meshhook.endpoints where resumed_at is not null), 0::bigint, 'it is done');
select is_empty('select * from meshhook.runs r, meshhook.verify(r.id)', 'proven');
select * from finish();
rollback;
