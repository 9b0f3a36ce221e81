-- Opens a breaker by hand: no call goes through it until the time is over, or until somebody resets it (open_for null).
-- Calls under way are not recalled. Locks: the breaker's row. Audited.
create or replace function meshhook.trip_breaker(project text, key text, open_for interval default null, reason text default null) returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require(project, 'operate');
  v_now     timestamptz := meshhook_engine.clock();
begin
  if trip_breaker.key is null or trip_breaker.key = '' or length(trip_breaker.key) > 300 then
    raise exception using
      errcode = 'MH400', message = 'MH_BREAKER_KEY: a breaker is named by its key, 1 to 300 characters',
      detail = '{"code": "MH_BREAKER_KEY"}', hint = 'It is the key the node gives, else the host of its url: see meshhook.breaker_state.';
  end if;
  if open_for <= interval '0' or open_for > interval '365 days' then
    raise exception using
      errcode = 'MH400', message = format('MH_BREAKER_TIME: open_for is %s, it must be more than nothing and at most a year', open_for),
      detail = '{"code": "MH_BREAKER_TIME"}', hint = 'Leave it out to keep the breaker open until it is reset.';
  end if;
  insert into meshhook.breakers as b (project_id, key, state, opened_at, open_until, opens, cause, updated_at)
  values (v_project, trip_breaker.key, 'open', v_now, coalesce(v_now + open_for, 'infinity'), 1,
          left(coalesce(reason, 'tripped by ' || coalesce(meshhook.principal(), session_user)), 500), v_now)
  on conflict (project_id, key) do update
  set state = 'open', opened_at = excluded.opened_at, open_until = excluded.open_until, opens = b.opens + 1, cause = excluded.cause,
      probe_run = null, probe_step = null, probe_until = null, window_start = null, updated_at = excluded.updated_at;
  perform meshhook_engine.audit(v_project, 'breaker.tripped', trip_breaker.key, jsonb_build_object('open_for', open_for, 'reason', reason));
end $$;
comment on function meshhook.trip_breaker(text, text, interval, text) is
  'Opens a breaker: its calls wait (or fail, as their node says) until the time is over or reset_breaker.';
