-- compare: l op r for == != < <= > >=. Ordering is for numbers only: anything else gives null.
-- Called by: eval, run. Reads nothing.
create or replace function meshhook_expr.compare(op text, l jsonb, r jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  return case
    when op = '==' then case when l = r then 'true'::jsonb else 'false' end
    when op = '!=' then case when l = r then 'false'::jsonb else 'true' end
    when jsonb_typeof(l) <> 'number' or jsonb_typeof(r) <> 'number' then 'null'
    when case op when '>' then l > r when '<' then l < r when '>=' then l >= r else l <= r end then 'true'
    else 'false' end;
end
$$;
