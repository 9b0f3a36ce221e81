-- A process that was forgotten while it lived is told so by its heartbeat, and makes itself known again under its old id.
begin;
select plan(4);
create temp table proc as select meshhook_engine.register('lives', 'test') as id;
select is((select meshhook_engine.beat(id, '{}') from proc), 0, 'known: it holds nothing');
delete from meshhook.processes p using proc where p.id = proc.id;
select is((select meshhook_engine.beat(id, '{}') from proc), -1, 'forgotten');
select lives_ok('select meshhook_engine.rejoin(id, ''lives'', ''test'') from proc', 'it joins again');
select is((select meshhook_engine.beat(id, '{}') from proc), 0, 'and is known');
select * from finish();
rollback;
