-- The fingerprint of a fact that came from outside and cannot be derived again: 16 bytes of sha256 over its text.
-- Called by: opening, deliver, wake, refold.
create or replace function meshhook_engine.digest(p_data jsonb) returns bytea
language plpgsql immutable as $$
begin
  return substring(sha256(jsonb_send(p_data)) from 1 for 16);
end $$;
