-- When a run goes on by itself: the earliest due moment among open steps that no queue row holds; null when there is none.
-- Called by: write.
create or replace function meshhook_engine.first_due(p_frontier jsonb, p_jobs jsonb) returns timestamptz
language plpgsql immutable as $$
begin
  return (
    select to_timestamp(min((o.value -> 'due')::bigint) / 1000.0)
    from jsonb_each(p_frontier -> 'open') o
    where p_jobs is null or not p_jobs ? o.key);
end $$;
