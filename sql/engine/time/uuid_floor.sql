-- The smallest uuid v7 of a moment: the bound of a partition, and of "since" in lists.
create or replace function meshhook_engine.uuid_floor(p_at timestamptz) returns uuid
language sql immutable parallel safe
return encode(
  substring(int8send((extract(epoch from p_at) * 1000)::bigint) from 3) || '\x70008000000000000000'::bytea, 'hex')::uuid;
