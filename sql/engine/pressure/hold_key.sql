-- A key's value as text; null for none. A long one is cut, and told apart by its hash.
-- Called by: hold.
create or replace function meshhook_engine.hold_key(p_value jsonb) returns text
language sql immutable
return case
  when p_value is null or p_value = 'null' then null
  when length(p_value #>> '{}') <= 500 then p_value #>> '{}'
  else left(p_value #>> '{}', 400) || ' ' || encode(sha256(convert_to(p_value #>> '{}', 'UTF8')), 'hex') end;
