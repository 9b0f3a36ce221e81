-- Runs of schedules that are due: at most a thousand a pass, of fifty schedules at most. Returns how many moments it dealt with.
-- Fifty, because each stands in a block of its own that a start held back writes in, and more than 64 of those overflow the
-- snapshot cache of every backend.
--
-- Guarantees: each due moment is dealt with once, whatever the number of processes: the row's lock, then next_due is looked at
-- again and moved on, in the commit that writes the run; the key of schedule_runs turns a mistake into an error. A clock that
-- goes back finds next_due ahead of it; one that goes forward meets catch_up.
-- Locks: schedules (skip locked), then runs to be canceled (skip locked), then what write() takes: it never waits for a lock.
-- Called by: wake.
create or replace function meshhook_engine.wake_schedules(p_process int, p_limit int, p_now timestamptz) returns int
language plpgsql volatile as $$
declare
  v_all     meshhook.schedules[];
  v_one     meshhook.schedules;
  v_fired   meshhook_engine.fired;
  v_changes meshhook_engine.change[] := '{}'::meshhook_engine.change[];
  v_did     int := 0;
begin
  if not exists (select from meshhook.schedules s where s.next_due <= p_now) then
    return 0;
  end if;
  v_all := array(
    select s from meshhook.schedules s where s.next_due <= p_now order by s.next_due, s.id limit least(p_limit, 50) for no key update skip locked);
  foreach v_one in array v_all loop
    begin
      v_fired := meshhook_engine.fire(v_one, greatest(1000 / cardinality(v_all), 1), p_now);
      continue when v_fired.retry;
      v_one := v_fired.schedule;
    exception
      when others then  -- a time zone that a new server does not know, say; it is tried again, and stops no other
        v_fired := null;
        v_one.last_error := jsonb_build_object('code', 'MH_SCHEDULE_BROKEN', 'message', sqlerrm);
        v_one.last_outcome := 'failed';
        v_one.last_at := p_now;
        v_one.next_due := p_now + interval '5 minutes';
    end;
    v_changes := v_changes || v_fired.changes;
    v_did := v_did + greatest(cardinality(v_fired.outcomes), 1);
    update meshhook.schedules s
    set next_due = v_one.next_due, last_due = v_one.last_due, last_at = v_one.last_at, last_run = v_one.last_run,
        last_outcome = v_one.last_outcome, last_error = v_one.last_error, started = v_one.started
    where s.id = v_one.id;
    insert into meshhook.schedule_runs select o.* from unnest(v_fired.outcomes) o;
  end loop;
  if cardinality(v_changes) > 0 then
    perform meshhook_engine.write(v_changes, p_process, p_now);
  end if;
  return v_did;
end $$;
