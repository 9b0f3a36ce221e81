-- Cancels called runs that nobody waits for any more (left_behind); what these had called in turn is found in the next round. A
-- run that is locked stays for that round too; one that its caller waits for again (it was retried) is let be.
-- Locks: the runs in id order, skip locked; then what write() takes. Called by: wake.
create or replace function meshhook_engine.wake_abandoned(p_process int, p_limit int, p_now timestamptz) returns int
language plpgsql volatile as $$
declare
  v_all     meshhook.abandoned_runs[];
  v_one     meshhook.abandoned_runs;
  v_run     meshhook.runs;
  v_done    uuid[] := '{}';
  v_changes meshhook_engine.change[] := '{}'::meshhook_engine.change[];
begin
  v_all := array(select a from meshhook.abandoned_runs a order by a.run_id limit p_limit);
  foreach v_one in array v_all loop
    select * into v_run from meshhook.runs r where r.id = v_one.run_id for no key update skip locked;
    if v_run.id is null then
      -- Held by somebody, or never made.
      if not exists (select from meshhook.runs r where r.id = v_one.run_id) then
        v_done := v_done || v_one.run_id;
      end if;
      continue;
    end if;
    v_done := v_done || v_one.run_id;
    continue when v_run.finished_at is not null
      or exists (
        select from meshhook.runs p cross join jsonb_each(p.frontier -> 'open') o
        where p.id = v_one.parent_id and p.finished_at is null and o.value ->> 'c' = v_run.id::text);
    perform meshhook_engine.tell_ended(v_run, null);
    v_changes := v_changes || meshhook_engine.ended_from_outside(v_run, 'canceled', jsonb_build_object(
      'code', 'MH_PARENT_ENDED', 'message', format('Run %s, which had called this one, does not wait for it any more.', v_one.parent_id), 'by', 'engine'));
  end loop;
  if cardinality(v_changes) > 0 then
    perform meshhook_engine.write(v_changes, p_process, p_now);
  end if;
  if v_done <> '{}' then
    delete from meshhook.abandoned_runs a where a.run_id = any (v_done);
  end if;
  return cardinality(v_changes);
end $$;
