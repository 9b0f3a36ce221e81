-- What a run that is past its deadline failed of. Called by: wake_deadlines, foresee.
create or replace function meshhook_engine.deadline_error(p_deadline timestamptz) returns jsonb
language plpgsql immutable as $$
begin
  return jsonb_build_object(
    'code', 'MH_DEADLINE', 'message', format('The run did not end before its deadline %s.', meshhook_engine.iso(p_deadline)));
end $$;
