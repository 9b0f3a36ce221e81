-- What tests of loops share, taken in by a line `-- with: loops.sql` after flow.sql: a workflow with one loop called loop, over
-- trigger.body.rows, its body given as nodes and edges.
create function pg_temp.loop(nodes jsonb, edges jsonb, settings jsonb default '{}', more jsonb default '{}') returns jsonb language sql as $$
  select pg_temp.node('each', jsonb_build_object('items', 'trigger.body.rows', 'do', jsonb_build_object('nodes', nodes, 'edges', edges)) || settings, more) $$;
create function pg_temp.looping(nodes jsonb, edges jsonb, settings jsonb default '{}', more jsonb default '{}') returns int language sql as $$
  select pg_temp.flow(jsonb_build_object('loop', pg_temp.loop(nodes, edges, settings, more)), pg_temp.edges('trigger>loop')) $$;
create function pg_temp.started(input jsonb) returns uuid language sql as $$
  with gone as (delete from mine), new as (insert into mine select meshhook.start('proof', 'flow', input) returning run) select run from new $$;
create function pg_temp.answer(step text, status int default 200, attempt int default 1, body text default null) returns text language sql as $$
  select pg_temp.deliver(run, step, attempt, jsonb_build_object('status', status, 'headers', '{"content-type": "application/json"}'::jsonb, 'text', true), body => body) from mine $$;
create function pg_temp.now() returns meshhook.runs language sql as $$ select pg_temp.run(run) from mine $$;
create function pg_temp.open() returns text language sql as $$ select coalesce(string_agg(key, ' ' order by key), '') from mine, meshhook.runs r, jsonb_object_keys(r.frontier -> 'open') key where r.id = run $$;
create function pg_temp.steps() returns text language sql as $$ select string_agg(s.step || '=' || s.status, ' ' order by n) from mine, meshhook_engine.run_steps_of(run) with ordinality s(step, type, status, attempts, seq, finished_at, output, error, n) $$;
-- Goes on with what a segment left when its time was up: a slow machine cuts where a fast one does not.
create function pg_temp.rest() returns int language plpgsql as $$
declare
  v_run    uuid := (select run from mine);
  v_rounds int := 0;
begin
  while exists (select from meshhook.runs r where r.id = v_run and r.frontier ? 'rest') loop
    perform pg_temp.deliver(v_run, '*', 0, null);
    v_rounds := v_rounds + 1;
  end loop;
  return v_rounds;
end $$;
create function pg_temp.proven() returns text language sql as $$ select is_empty(format('select * from meshhook.verify(%L)', run), 'proven') from mine $$;
