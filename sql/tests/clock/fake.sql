-- The fake clock is for test databases: anywhere else whatever reads the clock refuses to go on by it.
begin;
select plan(14);
-- with: flow.sql
select pg_temp.flow(jsonb_build_object('a', pg_temp.node('transform', '{"expr": "`1`"}')), pg_temp.edges('trigger>a'));
select is(meshhook_engine.clock(), current_setting('meshhook.fake_now')::timestamptz, 'a test database believes it');
-- Changes of settings are written down with the time, so the clock is real while one is made.
create function pg_temp.say(test jsonb, fake text) returns text language plpgsql as $$
begin
  perform set_config('meshhook.fake_now', '', true);
  delete from meshhook.settings where name = 'test';
  insert into meshhook.settings (name, value) select 'test', say.test where say.test is not null;
  return set_config('meshhook.fake_now', fake, true);
end $$;
select pg_temp.say(null, '2026-01-01Z');
select throws_ok(statement, 'MH403', null, statement) from unnest(array[
  'select meshhook_engine.clock()', 'select meshhook.start(''proof'', ''flow'')', 'select * from meshhook_engine.wake(null, 10)',
  'select * from meshhook_engine.accept(null, 0, array[]::jsonb[], array[]::bytea[])', 'select * from meshhook_engine.deliver(null, 0, array[]::jsonb[], array[]::bytea[])',
  'select meshhook.add_schedule(''proof'', ''flow'', ''x'', ''@daily'')', 'select meshhook.requeue()']) statement;
select throws_like('select meshhook_engine.clock()', 'MH_FAKE_CLOCK:%', 'with a code that says why');
select pg_temp.say('false', '2026-01-01Z');
select throws_like('select meshhook_engine.clock()', 'MH_FAKE_CLOCK:%', 'a setting that says no is none');
select pg_temp.say('"true"', '2026-01-01Z');
select throws_like('select meshhook_engine.clock()', 'MH_FAKE_CLOCK:%', 'nor is one that almost says yes');
select set_config('meshhook.fake_now', '', true);
select cmp_ok(meshhook_engine.clock(), '>=', now(), 'without it the clock is the server''s');
select lives_ok('select meshhook.start(''proof'', ''flow'')', 'and all goes on');
select pg_temp.say('true', 'half past nine');
select throws_ok('select meshhook_engine.clock()', '22007', null, 'what is no time is no clock');
select * from finish();
rollback;
