-- The frontier of a run whose start is put off: one timer, named *. Called by: new_run, refold.
create or replace function meshhook_engine.delayed(p_due jsonb) returns jsonb
language plpgsql immutable as $$
begin
  return jsonb_build_object('n', '', 'e', '', 'at', '{}'::jsonb, 'open', jsonb_build_object('*', jsonb_build_object('due', p_due)));
end $$;
