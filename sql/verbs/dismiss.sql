-- Says that a failed run is dealt with: it stays failed and is a dead letter no more.
-- Locks: the run. Notifies nobody.
create or replace function meshhook.dismiss(run uuid, why text) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_run meshhook.runs := meshhook_engine.run_for(run, 'operate');
begin
  if btrim(coalesce(why, '')) = '' then
    raise exception using
      errcode = 'MH400', message = 'MH_WHY_MISSING: say why', detail = '{"code": "MH_WHY_MISSING"}',
      hint = format('Such as: select meshhook.dismiss(%L, %L)', run, 'refunded by hand');
  end if;
  v_run := meshhook_engine.locked(run);
  if v_run.dead_letter is null then
    perform meshhook_engine.refuse_steering(v_run, 'MH_RUN_NOT_DEAD',
      case when v_run.status <> 'failed' then format('the run has not failed, it is %s', v_run.status)
        else format('the run has been dealt with already: %s', coalesce(v_run.dismissed ->> 'why', 'it was rerun')) end,
      'select id from meshhook.dead_letters lists failed runs that nobody has dealt with.');
  end if;
  perform meshhook_engine.dealt_with(v_run, jsonb_build_object('why', left(why, 2000)), meshhook_engine.clock());
  perform meshhook_engine.audit(v_run.project_id, 'run.dismissed', run::text, jsonb_build_object('why', left(why, 2000)));
end $$;
comment on function meshhook.dismiss(uuid, text) is 'Says that a failed run is dealt with, and why: it is a dead letter no more.';
