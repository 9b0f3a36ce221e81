-- An object without the fields whose names begin with a prefix. Called by: decide, when a loop or an iteration is given up.
create or replace function meshhook_engine.without(p_object jsonb, p_prefix text) returns jsonb
language plpgsql immutable parallel safe as $$
begin
  return (select coalesce(jsonb_object_agg(o.key, o.value), '{}') from jsonb_each(p_object) o where not starts_with(o.key, p_prefix));
end $$;
