-- Ends the runs that have a verdict. A run that somebody else holds is left for the next round.
-- Locks: runs in id order, skip locked; then what write locks. Called by: wake, nudged.
create or replace function meshhook_engine.ended_by_verdict(p_process int, p_limit int, p_now timestamptz) returns int
language plpgsql volatile as $$
declare
  v_one     record;
  v_changes meshhook_engine.change[] := '{}'::meshhook_engine.change[];
begin
  for v_one in
    select k.run, w.verdict
    from (select s.run_id, s.verdict from meshhook.concurrency_slots s where s.verdict is not null order by s.run_id limit p_limit) w
    cross join lateral (
      select r as run from meshhook.runs r where r.id = w.run_id and r.finished_at is null for no key update skip locked) k
    order by w.run_id
  loop
    v_changes := v_changes || meshhook_engine.ended_from_outside(v_one.run, (v_one.verdict ->> 'status')::meshhook.run_status, v_one.verdict -> 'error');
  end loop;
  if v_changes <> '{}' then
    perform meshhook_engine.write(v_changes, p_process, p_now);
  end if;
  return cardinality(v_changes);
end $$;
