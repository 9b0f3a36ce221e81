-- list_node: [a, b]; a constant when every element is one. After a dot ("dotted") a null on the left gives null.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.list_node(node jsonb, dotted boolean)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if not exists (select from jsonb_array_elements(node - 0) n where n.value ->> 0 <> '.=') then
    node := jsonb_build_array('.=', (select jsonb_agg(n.value -> 1 order by n.nr) from jsonb_array_elements(node - 0) with ordinality n(value, nr)));
  end if;
  return case when dotted then jsonb_build_array(case when left(node ->> 0, 1) = '.' then '.n?' else 'n?' end, node) else node end;
end
$$;
