-- The named fields of an object, those it has. Called by: decide.
create or replace function meshhook_engine.pick(p_object jsonb, p_names text[]) returns jsonb
language plpgsql immutable parallel safe as $$
begin
  return (select jsonb_object_agg(n, p_object -> n) from unnest(p_names) n where p_object ? n);
end $$;
