-- What a failed run had open, for its frontier: {"was": open}, with the step whose failure ended it as it stood before.
-- Called by: decide, closed.
create or replace function meshhook_engine.left_open(p_open jsonb, p_before jsonb, p_step text) returns jsonb
language plpgsql immutable as $$
begin
  if p_before ? p_step then
    p_open := coalesce(p_open, '{}') || jsonb_build_object(p_step, p_before -> p_step);
  end if;
  return case when p_open <> '{}' then jsonb_build_object('was', p_open) else '{}' end;
end $$;
