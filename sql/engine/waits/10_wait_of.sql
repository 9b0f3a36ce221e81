-- The wait of an open step that waits for a signal or an approval, as write() takes it. A signal may have been sent before
-- anybody waited, so wake looks at the step once, soon; for what is left it looks when the timeout is over, or never.
-- Called by: place, rehold.
create or replace function meshhook_engine.wait_of(p_step text, p_open jsonb, p_now bigint) returns jsonb
language plpgsql immutable as $$
begin
  if p_open -> 's' = 'null' then
    return jsonb_build_object('step', p_step, 'kind', 'approval', 'due', p_open -> 'due');
  end if;
  return jsonb_build_object('step', p_step, 'kind', 'signal', 'due', p_now, 'signal', p_open -> 's', 'key', p_open -> 'k');
end $$;
