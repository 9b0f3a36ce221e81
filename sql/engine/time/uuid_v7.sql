-- A uuid v7 whose first 48 bits are the given moment in milliseconds: ids sort by time, and partitions are ranges of ids.
-- Called by: accept and the verbs, once a row.
create or replace function meshhook_engine.uuid_v7(p_at timestamptz) returns uuid
language sql volatile parallel safe
return encode(
  set_bit(set_bit(
    overlay(uuid_send(gen_random_uuid())
      placing substring(int8send((extract(epoch from p_at) * 1000)::bigint) from 3) from 1 for 6),
    52, 1), 53, 1), 'hex')::uuid;
