-- Pauses a run whose lock the caller holds: records it, takes its waits and the queue rows that nobody has claimed away. Calls
-- that a process has in hand are made to their end, and their results recorded. The deadline stands still until the run is
-- resumed: what is left of it is kept in the event.
-- Locks: events, waits, then river_job rows. Notifies nobody. Called by: pause, pause_all.
create or replace function meshhook_engine.halt(p_run meshhook.runs, p_reason text, p_now timestamptz) returns void
language plpgsql volatile as $$
declare
  v_gone bigint[];
begin
  perform meshhook_engine.write(array[meshhook_engine.steered(p_run, 'run.paused', null, 'paused', p_run.frontier, jsonb_strip_nulls(
    jsonb_build_object('by', meshhook.principal(), 'reason', p_reason, 'deadline_left_ms',
      case when p_run.deadline_at is not null then greatest(0, (extract(epoch from p_run.deadline_at - p_now) * 1000)::bigint) end)))], null, p_now);
  delete from meshhook.waits w where w.run_id = p_run.id;
  with gone as (
    delete from meshhook_river.river_job j
    where j.id = any (array(select h.value::bigint from jsonb_each_text(p_run.jobs) h)) and j.state = 'available'
    returning j.id
  )
  select array_agg(g.id) into v_gone from gone g;
  update meshhook.runs r
  set wake_at = null, deadline_at = null,
      jobs = (select nullif(jsonb_object_agg(h.key, h.value) filter (where (h.value #>> '{}')::bigint <> all (coalesce(v_gone, '{}'))), '{}') from jsonb_each(p_run.jobs) h)
  where r.id = p_run.id;
  perform meshhook_engine.audit(p_run.project_id, 'run.paused', p_run.id::text, jsonb_strip_nulls(jsonb_build_object('reason', p_reason)));
end $$;
