-- Rows that were claimed once and came back by themselves (snoozed by a worker that stops, rescued from one that is gone) carry the
-- time of day, which is behind every turn: they go before what has not been begun.
-- Locks: those river_job rows, skip locked. Called by: wake.
create or replace function meshhook_engine.keep_turns() returns void
language plpgsql volatile as $$
begin
  with back as (
    select j.id from meshhook_river.river_job j
    where j.state = 'available' and j.attempted_at is not null and j.priority > 1
    for update skip locked
  )
  update meshhook_river.river_job j set priority = 1 from back where j.id = back.id;
end $$;
