-- 128 random bits as 26 characters of base32 in lower case (RFC 4648 alphabet, no padding). Several random uuids are hashed,
-- because each has only 122 bits of its own.
-- Called by: create_endpoint, rotate_endpoint_token.
create or replace function meshhook_engine.new_token() returns text
language plpgsql volatile as $$
declare
  v_bits  bit(130) := b'0'::bit(130);
  v_bytes bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
  v_token text := '';
begin
  v_bits := ('x' || encode(substring(v_bytes from 1 for 16), 'hex') || '0')::bit varying::bit(130);
  for i in 0 .. 25 loop
    v_token := v_token || substr('abcdefghijklmnopqrstuvwxyz234567', substring(v_bits from i * 5 + 1 for 5)::bit(5)::int + 1, 1);
  end loop;
  return v_token;
end $$;
