-- What a due wait for a signal or an approval comes to: a signal that was kept, taken now; else the end of the timeout; else
-- null, and then wake looks again when the timeout is over (at once, when somebody is sending that signal this moment).
-- The caller holds the run's lock. Locks: the signal's number (tried only), the row that is taken.
-- Called by: wake_timers.
create or replace function meshhook_engine.early_signal(p_run meshhook.runs, p_step text, p_now timestamptz) returns meshhook_engine.fact
language plpgsql volatile as $$
declare
  v_open jsonb := p_run.frontier -> 'open' -> p_step;
  v_sent meshhook.signals;
  v_data jsonb;
begin
  if v_open -> 's' <> 'null' then
    if not pg_try_advisory_xact_lock(meshhook_engine.signal_lock(p_run.project_id, v_open ->> 's', v_open ->> 'k')) then
      return null;
    end if;
    delete from meshhook.signals s
    where s.id = (
      select k.id from meshhook.signals k
      where k.project_id = p_run.project_id and k.name = v_open ->> 's' and k.key = v_open ->> 'k'
        and coalesce(k.run_id = p_run.id, true) and k.expires_at > p_now
      order by k.id limit 1
      for update skip locked)
    returning * into v_sent;
    if v_sent.id is not null then
      v_data := jsonb_build_object(
        'signal', v_sent.name, 'key', v_sent.key, 'value', v_sent.payload, 'by', v_sent.sent_by, 'sent_at', meshhook_engine.iso(v_sent.sent_at));
      return row('signal.received', p_step, null, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact;
    end if;
  end if;
  if (v_open -> 'due')::bigint <= (extract(epoch from p_now) * 1000)::bigint then
    v_data := jsonb_build_object('due', v_open -> 'due');
    return row('timer.fired', p_step, null, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact;
  end if;
  update meshhook.waits w set due_at = coalesce(to_timestamp((v_open -> 'due')::bigint / 1000.0), 'infinity')
  where w.run_id = p_run.id and w.step = p_step;
  return null;
end $$;
