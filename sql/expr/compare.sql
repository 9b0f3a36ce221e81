-- compare: l op r for == != < <= > >= (with or without the dot of a node). Ordering is for numbers only: anything else
--   gives null.
-- Called by: eval, run. Reads nothing.
create or replace function meshhook_expr.compare(op text, l jsonb, r jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  holds boolean;
begin
  if op in ('.==', '==') then
    holds := l = r;
  elsif op in ('.!=', '!=') then
    holds := l <> r;
  elsif jsonb_typeof(l) <> 'number' or jsonb_typeof(r) <> 'number' then
    return 'null';
  elsif op in ('.>', '>') then
    holds := l > r;
  elsif op in ('.<', '<') then
    holds := l < r;
  elsif op in ('.>=', '>=') then
    holds := l >= r;
  else
    holds := l <= r;
  end if;
  if holds then
    return 'true';
  end if;
  return 'false';
end
$$;
