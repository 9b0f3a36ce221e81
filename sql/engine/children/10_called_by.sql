-- The runs that open steps of a run have called, but for the step that is being settled; null when there are none. Called by: change_of, at the end of a run.
create or replace function meshhook_engine.called_by(p_frontier jsonb, p_settled text) returns uuid[]
language plpgsql immutable as $$
begin
  if not jsonb_path_exists(p_frontier, '$.open.*.c') then
    return null;
  end if;
  return array(select (o.value ->> 'c')::uuid from jsonb_each(p_frontier -> 'open') o where o.value ? 'c' and o.key is distinct from p_settled order by 1);
end $$;
