-- The frontier of a run whose start is put off: one timer, named *; without a due moment somebody else says when (admit_runs). Called by: new_run, refold.
create or replace function meshhook_engine.delayed(p_due jsonb) returns jsonb
language plpgsql immutable as $$
begin
  return jsonb_build_object('n', '', 'e', '', 'at', '{}'::jsonb, 'open', jsonb_build_object('*', jsonb_strip_nulls(jsonb_build_object('due', p_due))));
end $$;
