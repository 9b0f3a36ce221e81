-- What becomes of a step that calls another run, when a queue row brings it up: the run is made, and has ended at once or is
-- waited for; or it is there already, and has ended or goes on; or it cannot be made, which fails the step.
--
-- A run that is there is looked at under its own lock, which is only tried: whoever holds it may be ending it, and then wake
-- looks again. So no end is missed, and nobody waits for a lock out of order.
-- The caller holds the run's lock and writes what comes. Called by: deliver.
create or replace function meshhook_engine.call_child(p_run meshhook.runs, p_step text, p_now timestamptz) returns meshhook_engine.called
language plpgsql volatile as $$
declare
  r        meshhook_engine.called;
  v_open   jsonb := p_run.frontier -> 'open' -> p_step;
  v_id     uuid := (v_open ->> 'c')::uuid;
  v_now    bigint := (extract(epoch from p_now) * 1000)::bigint;
  v_intent jsonb;
  v_child  meshhook.runs;
  v_data   jsonb;
  v_code   text;
  v_says   text;
  v_detail text;
begin
  v_intent := (select f.data from meshhook_engine.facts(p_run.id, array[(v_open -> 'q')::int]) f);
  if exists (select from meshhook.runs c where c.id = v_id) then
    select * into v_child from meshhook.runs c where c.id = v_id for no key update skip locked;
    if v_intent -> 'wait' = 'false' then
      r.fact := meshhook_engine.child_fact(p_step, v_id, v_intent ->> 'workflow', 'started', to_jsonb(v_id), null);
    elsif v_child.finished_at is not null then
      r.fact := meshhook_engine.child_fact(p_step, v_id, v_intent ->> 'workflow', v_child.status::text, v_child.output, v_child.error);
    else
      r.wait := jsonb_build_object('step', p_step, 'kind', 'child', 'key', v_id, 'due', case when v_child.id is null then v_now end);
    end if;
    return r;
  elsif p_run.status = 'paused' then  -- nothing new is begun
    r.wait := jsonb_build_object('step', p_step, 'kind', 'child', 'key', v_id, 'due', v_now);
    return r;
  end if;
  begin
    r.child := meshhook_engine.make_child(p_run, p_step, v_intent, p_now);
  exception
    when others then
      get stacked diagnostics v_code = returned_sqlstate, v_says = message_text, v_detail = pg_exception_detail;
      v_data := jsonb_build_object(
        'run', null, 'workflow', v_intent -> 'workflow', 'status', 'refused', 'error', meshhook_engine.trouble(v_code, v_says, v_detail));
      r.child := null;
      r.fact := row('child.finished', p_step, null, v_data, meshhook_engine.digest(v_data))::meshhook_engine.fact;
      return r;
  end;
  if v_intent -> 'wait' = 'false' then
    r.fact := meshhook_engine.child_fact(p_step, v_id, v_intent ->> 'workflow', 'started', to_jsonb(v_id), null);
  elsif (r.child).status in ('succeeded', 'failed', 'canceled') then
    r.fact := meshhook_engine.child_fact(p_step, v_id, v_intent ->> 'workflow', (r.child).status::text, (r.child).output, (r.child).error);
  else
    r.wait := jsonb_build_object('step', p_step, 'kind', 'child', 'key', v_id, 'due', null);
  end if;
  return r;
end $$;
