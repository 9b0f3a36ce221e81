-- Sends a signal: every run of the project that waits for this name and key goes on with the payload. Nobody waiting: it is kept
-- for seven days, and the first run that waits for it takes it. Returns how many runs it woke; 0 says that it is kept.
--
-- Guarantees: a signal is never lost between somebody who begins to wait and somebody who sends. Both are done under one lock a
-- signal (see signal_lock): the sender looks again under it, and a new wait is looked at by wake under it.
-- Locks: the runs found waiting, in id order; then the signal's number; then what write() takes. Notifies: see write().
create or replace function meshhook.signal(project text, name text, key text default null, payload jsonb default 'null') returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_now     timestamptz := meshhook_engine.clock();
  v_project int := meshhook_engine.require(project, 'operate');
  v_key     text := coalesce(signal.key, '');
  v_by      text := meshhook.principal();
  v_data    jsonb;
  v_run     meshhook.runs;
  v_steps   text[];
  v_locked  uuid[];
  v_later   uuid[];
  v_changes meshhook_engine.change[] := '{}'::meshhook_engine.change[];
begin
  if signal.name is null or signal.name !~ meshhook_engine.signal_name() then
    raise exception using
      errcode = 'MH400', message = format('MH_SIGNAL_NAME: %s is no name of a signal', coalesce(quote_literal(left(signal.name, 100)), 'null')),
      detail = '{"code": "MH_SIGNAL_NAME"}', hint = 'A lower case letter, then letters, digits, _, - and ., 63 at most.';
  elsif length(v_key) > 512 then
    raise exception using
      errcode = 'MH400', message = format('MH_SIGNAL_KEY: a key has 512 characters at most, this one %s', length(v_key)),
      detail = '{"code": "MH_SIGNAL_KEY"}', hint = 'Send what identifies the thing that is waited for; the rest belongs into the payload.';
  elsif octet_length(payload::text) > 1048576 then
    raise exception using
      errcode = 'MH400', message = format('MH_SIGNAL_TOO_LARGE: the payload has %s bytes, at most 1048576 are taken', octet_length(payload::text)),
      detail = '{"code": "MH_SIGNAL_TOO_LARGE"}', hint = 'Send a reference, and let the workflow fetch the rest.';
  end if;
  if current_setting('transaction_isolation') <> 'read committed' then
    -- An old snapshot would not show who has begun to wait.
    raise exception using
      errcode = 'MH409', message = format('MH_ISOLATION: a signal cannot be sent in a transaction that is %s', current_setting('transaction_isolation')),
      detail = '{"code": "MH_ISOLATION"}', hint = 'Send it in a transaction that is read committed.';
  end if;
  v_data := jsonb_build_object('signal', signal.name, 'key', v_key, 'value', coalesce(payload, 'null'), 'by', v_by, 'sent_at', meshhook_engine.iso(v_now));

  -- Who waits, in id order; then, with all of them held, once more.
  for v_run in
    select k.*
    from (
      select distinct w.run_id from meshhook.waits w
      where w.project_id = v_project and w.signal = signal.name and w.key = v_key
      order by 1
    ) wanted
    cross join lateral (select * from meshhook.runs r where r.id = wanted.run_id and r.finished_at is null for no key update) k
  loop
    v_locked := v_locked || v_run.id;
    v_steps := array(
      select o.key from jsonb_each(v_run.frontier -> 'open') o
      where o.value ->> 's' = signal.name and o.value ->> 'k' = v_key order by (o.value -> 'q')::int);
    continue when v_steps = '{}';
    v_changes := v_changes || meshhook_engine.arrive(v_run, array(
      select row('signal.received', s.step, null, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact
      from unnest(v_steps) with ordinality s(step, n) order by s.n), v_now);
  end loop;
  perform pg_advisory_xact_lock(meshhook_engine.signal_lock(v_project, signal.name, v_key));
  if cardinality(v_changes) > 0 then
    perform meshhook_engine.write(v_changes, null, v_now);
  end if;

  -- Runs that began to wait while the others were being locked: the signal is kept for each of them, and wake brings it.
  v_later := array(
    select distinct w.run_id from meshhook.waits w
    where w.project_id = v_project and w.signal = signal.name and w.key = v_key and w.run_id <> all (coalesce(v_locked, '{}')));
  insert into meshhook.signals (project_id, name, key, payload, sent_by, sent_at, expires_at, run_id)
  select v_project, signal.name, v_key, coalesce(payload, 'null'), v_by, v_now, v_now + interval '7 days', l.run
  from (
    select unnest(v_later) as run
    union all select null where v_later = '{}' and cardinality(v_changes) = 0
  ) l;
  if v_later <> '{}' then
    update meshhook.waits w set due_at = v_now
    where w.project_id = v_project and w.signal = signal.name and w.key = v_key and w.run_id = any (v_later);
  end if;
  perform meshhook_engine.audit(v_project, 'signal.sent', signal.name, jsonb_build_object('key', v_key, 'woken', cardinality(v_changes) + cardinality(v_later)));
  return cardinality(v_changes) + cardinality(v_later);
end $$;
comment on function meshhook.signal(text, text, text, jsonb) is
  'Sends a signal to the runs that wait for this name and key; returns how many it woke. 0: it is kept for seven days, for the first run that waits.';
