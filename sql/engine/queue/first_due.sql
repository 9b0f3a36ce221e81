-- When a run goes on by itself: the earliest due moment among open steps that no queue row holds; null when there is none.
-- infinity: only a signal, an approval or a called run brings it on.
-- A call that waits for a gate has no moment in the frontier: it is that of its wait, else the one known before.
-- Called by: write, requeue.
drop function if exists meshhook_engine.first_due(jsonb, jsonb);
create or replace function meshhook_engine.first_due(p_frontier jsonb, p_jobs jsonb, p_waits jsonb, p_known timestamptz) returns timestamptz
language plpgsql immutable as $$
begin
  return (
    select min(coalesce(to_timestamp((w.wait -> 'due')::bigint / 1000.0), to_timestamp((o.value -> 'due')::bigint / 1000.0),
                        case when o.value ?| '{s,c}' then 'infinity' end::timestamptz, p_known))
    from jsonb_each(p_frontier -> 'open') o
    left join jsonb_array_elements(p_waits) w(wait) on w.wait ->> 'step' = o.key and w.wait ? 'gate'
    where p_jobs is null or not p_jobs ? o.key);
end $$;
