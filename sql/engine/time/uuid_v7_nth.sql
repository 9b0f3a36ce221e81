-- The n-th id of a group made in one moment, from one random uuid v7 (p_seed): its moment, then the number, then its random
-- tail of 52 bits. A draw of random bytes an id costs more than all else about it; and ids of a group are in order this way.
-- p_nth below 2^20. Called by: receive.
create or replace function meshhook_engine.uuid_v7_nth(p_seed text, p_nth int) returns uuid
language sql immutable parallel safe
return overlay(overlay(p_seed placing lpad(to_hex(p_nth >> 8), 3, '0') from 16) placing lpad(to_hex(p_nth & 255), 2, '0') from 22)::uuid;
