-- Runs past their deadline fail with MH_DEADLINE; what they had open is given up. Called by: wake.
create or replace function meshhook_engine.wake_deadlines(p_process int, p_limit int, p_now timestamptz) returns int
language plpgsql volatile as $$
declare
  v_due     uuid[];
  v_run     meshhook.runs;
  v_changes meshhook_engine.change[] := '{}'::meshhook_engine.change[];
begin
  v_due := array(
    select d.id
    from (select r.id from meshhook.runs r where r.deadline_at <= p_now order by r.deadline_at limit p_limit) d
    order by 1);
  if v_due = '{}' then
    return 0;
  end if;
  for v_run in
    select k.*
    from unnest(v_due) wanted(id)
    cross join lateral (select * from meshhook.runs r where r.id = wanted.id and r.finished_at is null for no key update skip locked) k
  loop
    perform meshhook_engine.tell_ended(v_run, null);
    v_changes := v_changes || meshhook_engine.ended_from_outside(v_run, 'failed', meshhook_engine.deadline_error(v_run.deadline_at));
  end loop;
  if cardinality(v_changes) > 0 then
    perform meshhook_engine.write(v_changes, p_process, p_now);
  end if;
  return cardinality(v_changes);
end $$;
