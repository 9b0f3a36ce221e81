-- A frontier whose open calls are not made before a moment; those due later stay. Called by: resume, reopened, refold.
create or replace function meshhook_engine.put_off(p_frontier jsonb, p_due jsonb) returns jsonb
language plpgsql immutable as $$
begin
  if p_due is null or not p_frontier ? 'open' then
    return p_frontier;
  end if;
  return p_frontier || jsonb_build_object('open', (
    select coalesce(jsonb_object_agg(o.key, case
      when o.value ? 'a' and coalesce((o.value -> 'due')::bigint, 0) < p_due::bigint then o.value || jsonb_build_object('due', p_due)
      else o.value end), '{}')
    from jsonb_each(p_frontier -> 'open') o));
end $$;
