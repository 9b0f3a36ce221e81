-- The id of the run that a step calls: a uuid v7 that follows from the caller, the step and the event that opened it, so that
-- decide can name it and verify find it again; its moment is behind the caller's own, so that locks taken in id order take the
-- caller first. Called by: node_call. Pure.
create or replace function meshhook_engine.child_id(p_run uuid, p_step text, p_seq int, p_at timestamptz) returns uuid
language plpgsql immutable as $$
declare
  v_moment bigint := greatest(
    (extract(epoch from p_at) * 1000)::bigint, ('x' || left(replace(p_run::text, '-', ''), 12))::bit(48)::bigint) + 1;
  v_bytes  bytea := substring(int8send(v_moment) from 3) || substring(sha256(convert_to(p_run || ' ' || p_step || ' ' || p_seq, 'UTF8')) from 1 for 10);
begin
  v_bytes := set_byte(v_bytes, 6, get_byte(v_bytes, 6) & 15 | 112);   -- version 7
  v_bytes := set_byte(v_bytes, 8, get_byte(v_bytes, 8) & 63 | 128);   -- the variant of RFC 9562
  return encode(v_bytes, 'hex')::uuid;
end $$;
