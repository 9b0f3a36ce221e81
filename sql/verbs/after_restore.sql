-- Makes a database that was set back to an earlier moment fit to go on, and tells which calls nobody can know the outcome of.
--
-- What happened after that moment, happened: calls were made whose results this database does not have, and processes may
-- still hold results of attempts that it takes to be open. So each attempt that may have been made is closed in the log, with
-- the error MH_RESTORED: by the node's own retry settings it is tried again as the next attempt, with the same idempotency
-- key, or, when there is none left, the call fails for a person to look at. A late result of a closed attempt is stale.
-- Ids of queue rows and processes leave a gap, leases are freed, the queue is built again from the runs.
-- To be called once, before processes are started. Refused with MH_RESTORE_DONE the second time.
-- Locks: what deliver(), then requeue() take. Notifies: see write().
create or replace function meshhook.after_restore("to" timestamptz)
returns table (run uuid, project text, workflow text, step text, attempt int, method text, url text, idempotency_key text, next text)
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set jit = off as $$
#variable_conflict use_column
declare
  v_now   timestamptz := meshhook_engine.clock();
  v_to    constant timestamptz := after_restore."to";
  v_calls jsonb;
  v_count int;
begin
  perform meshhook_engine.require_operator();
  if v_to is null or not v_to between '2000-01-01Z' and v_now then
    raise exception using
      errcode = 'MH400', message = format('MH_RESTORE_POINT: %s is no moment to which this database was restored', coalesce(v_to::text, 'null')),
      detail = '{"code": "MH_RESTORE_POINT"}', hint = 'Give the moment that the restore went back to, which is in the past.';
  end if;
  if exists (select from meshhook.audit_log a where a.action = 'restore.fenced' and (a.detail ->> 'to')::timestamptz = v_to) then
    raise exception using
      errcode = 'MH409', message = format('MH_RESTORE_DONE: the restore to %s has been dealt with', v_to),
      detail = '{"code": "MH_RESTORE_DONE"}', hint = 'select * from meshhook.audit_trail where action = ''restore.fenced'' tells when and by whom.';
  end if;
  perform meshhook_engine.maintain();  -- an old backup may lack the partition of this week
  perform meshhook_engine.skip_ids();

  select coalesce(jsonb_agg(to_jsonb(c) || jsonb_build_object('request', meshhook_engine.intent(c.run_id, c.step, c.q, null)) order by c.run_id, c.step), '[]'), count(*)
  into v_calls, v_count
  from meshhook_engine.unknown_calls(v_now) c;
  for g in 0 .. case when v_count = 0 then -1 else (v_count - 1) / 200 end loop
    perform meshhook_engine.deliver(null, 0,
      array_agg(jsonb_build_object(
        'run', c.value -> 'run_id', 'step', c.value -> 'step', 'attempt', c.value -> 'attempt', 'kind', 'call', 'url', c.value #> '{request,url}',
        'error', jsonb_build_object('class', 'network', 'code', 'MH_RESTORED', 'message',
          format('The database was restored to %s: whether this attempt was made, and what came of it, is not known.', meshhook_engine.iso(v_to))))
        order by c.ord),
      array_fill(null::bytea, array[count(*)::int]))
    from jsonb_array_elements(v_calls) with ordinality c(value, ord)
    where c.ord > g * 200 and c.ord <= (g + 1) * 200;
  end loop;

  update meshhook_river.river_job j
  set state = 'available', scheduled_at = clock_timestamp()
  from (
    select k.id from meshhook_river.river_job k where k.kind = 'run' and k.state in ('scheduled', 'running') order by k.id for update
  ) held
  where j.id = held.id;
  perform meshhook.requeue();
  perform meshhook_engine.audit(null, 'restore.fenced', null, jsonb_build_object('to', meshhook_engine.iso(v_to), 'calls', v_count));

  return query
    select r.id, c.value ->> 'project', c.value ->> 'workflow', c.value ->> 'step', (c.value -> 'attempt')::int,
           c.value #>> '{request,method}', c.value #>> '{request,url}', c.value #>> '{request,idempotency_key}',
           case when r.frontier #> array['open', c.value ->> 'step', 'a'] is not null then 'tried again'
                when r.finished_at is null then 'failed, the run goes on' else 'failed, and the run with it' end
    from jsonb_array_elements(v_calls) with ordinality c(value, ord)
    join meshhook.runs r on r.id = (c.value ->> 'run_id')::uuid
    order by c.ord;
end $$;
comment on function meshhook.after_restore(timestamptz) is
  'After a restore to an earlier moment, once, before processes start: closes every attempt that may have been made, builds the queue again, and lists the calls whose outcome is not known. For operators.';
