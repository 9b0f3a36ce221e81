-- The turn of a project's next row in the queue: its place among all that wait, written as the row's scheduled_at.
--
-- River takes available rows by priority, then scheduled_at. Rows that wait for anybody have priority 2, and their scheduled_at is
-- no time of day but a count, in microseconds, of a clock that goes on with every row taken (start-time fair queuing): a row gets
-- the count of the row that is next, or one more than the last row of its own project, whichever is more. So each project that
-- has rows waiting has one in each round, however many another has piled up before. With nothing waiting the count begins anew a
-- minute ago, so that it is never in the future.
-- Two looks into indexes, no state of its own, no lock: two groups that do not see each other give the same turns, and share them.
-- Called by: write, rehold, nudge.
create or replace function meshhook_engine.turn(p_project int) returns timestamptz
language plpgsql volatile as $$
begin
  return greatest(
    coalesce(
      (select j.scheduled_at from meshhook_river.river_job j
       where j.state = 'available' and j.queue = 'default' and j.priority = 2
       order by j.scheduled_at, j.id limit 1),
      clock_timestamp() - interval '1 minute'),
    (select j.scheduled_at from meshhook_river.river_job j
     where j.state = 'available' and j.kind = 'run' and j.args ->> 'project' = p_project::text
     order by j.scheduled_at desc limit 1) + interval '1 microsecond');
end $$;
