-- New events tell those who watch: one notification a statement, naming the runs somebody watches right now.
-- A hint, never a fact: readers read again by seq. meshhook.notify = off silences it.
-- Notifies: meshhook_events, payload "run:seq" pairs joined by blanks (at most 7 000 bytes; the rest is found by reading).
create or replace function meshhook_engine.events_notify() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_watched text;
begin
  if current_setting('meshhook.notify', true) = 'off' then
    return null;
  end if;
  select string_agg(n.run_id || ':' || n.seq, ' ') into v_watched
  -- A run that begins in this very commit is watched by nobody yet.
  from (select f.run_id, max(f.seq) as seq from fresh f group by f.run_id having min(f.seq) > 1) n
  -- A scalar subquery on purpose: one lookup by key a run, never a join that reads the partitions through.
  where (select k.watched_until from meshhook.runs k where k.id = n.run_id) > clock_timestamp();
  if v_watched is not null then
    perform pg_notify('meshhook_events', left(v_watched, 7000));
  end if;
  return null;
end $$;

drop trigger if exists events_notify on meshhook.events;
create trigger events_notify after insert on meshhook.events
  referencing new table as fresh
  for each statement execute function meshhook_engine.events_notify();
