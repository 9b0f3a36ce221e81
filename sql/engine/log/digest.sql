-- The fingerprint of a fact that came from outside and cannot be derived again: 32 hex digits of sha256 over its text.
-- Called by: accept, start, deliver, refold.
create or replace function meshhook_engine.digest(p_data jsonb) returns text
language plpgsql immutable as $$
begin
  return left(encode(sha256(convert_to(p_data::text, 'UTF8')), 'hex'), 32);
end $$;
