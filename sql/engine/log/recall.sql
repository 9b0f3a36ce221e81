-- Loads what decide said it misses: the trigger, the project variables recorded at the start, outputs of earlier steps.
-- Guarantees: reads by primary key only, and only the events named. p_at is frontier.at (step -> seq of its output).
-- Called by: advance.
create or replace function meshhook_engine.recall(p_run uuid, p_request uuid, p_at jsonb, p_missing text[], p_ctx jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_ctx     jsonb := p_ctx;
  v_started jsonb;
  v_steps   jsonb;
begin
  if p_missing && array['trigger', 'vars'] then
    select f.data into v_started from meshhook_engine.facts(p_run, array[1]) f;
    v_ctx := v_ctx || jsonb_build_object('vars', coalesce(v_started -> 'vars', '{}'));
    if 'trigger' = any (p_missing) then
      v_ctx := v_ctx || jsonb_build_object('trigger', coalesce(
        v_started -> 'trigger',
        (select meshhook_engine.trigger_of(q.id, q.endpoint_id, q.received_at, q.method, q.path, q.query, q.headers, q.body)
         from meshhook.requests q where q.id = p_request)));
    end if;
  end if;
  -- A step whose event is gone counts as null: verify names the gap, the run goes on.
  select jsonb_object_agg(m.step, meshhook_engine.output_of(f.type, f.at, m.step, f.data, b.data))
  into v_steps
  from unnest(p_missing) m(step)
  left join meshhook_engine.facts(p_run, array(select (p_at ->> s)::int from unnest(p_missing) s where p_at ? s)) f on f.seq = (p_at ->> m.step)::int
  left join lateral (
    select before.data from meshhook_engine.facts(p_run, array[f.seq - 1]) before where f.type = 'call.succeeded'
  ) b on true
  where m.step not in ('trigger', 'vars');
  if v_steps is not null then
    v_ctx := v_ctx || jsonb_build_object('steps', coalesce(v_ctx -> 'steps', '{}') || v_steps);
  end if;
  return v_ctx;
end $$;
