-- The runs that steps had called and that nobody waits for any more: the caller has ended, or has gone past the step. Null when
-- there are none; the one that has just come home is none. Called by: change_of.
create or replace function meshhook_engine.left_behind(p_was jsonb, p_is jsonb, p_event meshhook_engine.fact) returns uuid[]
language plpgsql immutable as $$
begin
  if not jsonb_path_exists(p_was, '$.open.*.c') then
    return null;
  end if;
  return nullif(array(
    select (o.value ->> 'c')::uuid from jsonb_each(p_was -> 'open') o
    where o.value ? 'c' and o.value -> 'c' is distinct from p_is #> array['open', o.key, 'c']
      and not (p_event.type is not distinct from 'child.finished' and o.key = p_event.step)
    order by 1), '{}');
end $$;
