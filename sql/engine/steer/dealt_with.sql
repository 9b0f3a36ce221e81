-- Marks a failed run, whose lock the caller holds, as dealt with: by a reason, or by the run that repeats it.
-- Called by: dismiss, rerun.
create or replace function meshhook_engine.dealt_with(p_run meshhook.runs, p_how jsonb, p_now timestamptz) returns void
language plpgsql volatile as $$
begin
  update meshhook.runs r
  set dead_letter = null, dismissed = jsonb_build_object('by', meshhook.principal(), 'at', meshhook_engine.iso(p_now)) || p_how
  where r.id = p_run.id;
end $$;
