-- A value as it may stand in a message: compact JSON, cut short.
-- Called by: every check.
create or replace function meshhook_engine.quote(p_value jsonb) returns text
language sql immutable parallel safe
return case when length(p_value::text) > 60 then left(p_value::text, 60) || '…' else coalesce(p_value::text, 'nothing') end;
