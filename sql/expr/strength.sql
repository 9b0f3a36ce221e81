-- strength: how strongly an operator binds to what stands on its left; 0 for everything that is no operator.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.strength(kind text)
returns int
language plpgsql immutable parallel safe
as $$
begin
  return case kind
    when '.' then 400 when '[' then 550 when '[]' then 90 when '[?' then 210
    when '|' then 10 when '?' then 15 when '||' then 20 when '&&' then 30
    when '==' then 50 when '!=' then 50 when '<' then 50 when '<=' then 50 when '>' then 50 when '>=' then 50
    when '+' then 60 when '-' then 60 when '*' then 70 when '/' then 70 when '%' then 70 when '//' then 70
    else 0 end;
end
$$;
