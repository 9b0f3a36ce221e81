-- Tells processes that a run ended, or that one of its steps was gone past (p_step), so that they give up what they have in hand
-- of it. p_run is the run as it stood before: one that nobody works on is not told of.
-- A hint: what it does not reach is found with the next heartbeat (unwanted).
-- meshhook.notify = off silences it. Notifies: meshhook_ended, payload "run" or "run step". Called by: cancel, wake_deadlines, wake_abandoned,
-- skip.
create or replace function meshhook_engine.tell_ended(p_run meshhook.runs, p_step text) returns void
language plpgsql volatile as $$
begin
  if current_setting('meshhook.notify', true) is distinct from 'off' and p_run.jobs is not null and (p_step is null or p_run.jobs ? p_step) then
    perform pg_notify('meshhook_ended', concat_ws(' ', p_run.id, p_step));
  end if;
end $$;
