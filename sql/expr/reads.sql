-- reads: every path that a tree reads from the root, as [[name, second name], [name], ...]; [] among them means that the
--   root is used whole. `rooted` says whether the current value is the root at this node.
-- Called by: references, itself. Reads nothing.
create or replace function meshhook_expr.reads(node jsonb, rooted boolean)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  op text := node ->> 0;
  found jsonb := '[]';
begin
  if op is null then
    return '[]';
  elsif op in ('.p', '$p') then
    return case when rooted or op = '$p' then jsonb_build_array(to_jsonb(((node ->> 1)::text[])[:2])) else '[]' end;
  elsif op = '.k' then
    return case when rooted then jsonb_build_array(node - 0) else '[]' end;
  elsif op in ('.@', '$') then
    return case when rooted or op = '$' then '[[]]' else '[]' end;
  elsif op in ('.=', 'v') then
    return '[]';
  elsif op = '.x' then
    -- an index straight on the root reads it whole
    return case when not rooted then '[]' when node ->> 1 = '{}' then '[[]]'
      else jsonb_build_array(to_jsonb(((node ->> 1)::text[])[:2])) end;
  elsif op = '.G' then
    return case when not rooted then '[]' else (select jsonb_agg(to_jsonb((e.value::text[])[:2])) from jsonb_each_text(node -> 1) e) end;
  elsif op like '.H_' then
    return case when not rooted then '[]' else
      (select jsonb_agg(to_jsonb(((node ->> i)::text[])[:2])) from generate_series(2, jsonb_array_length(node) - 1, 2) i) end;
  elsif op = 'c' then
    for i in 1 .. jsonb_array_length(node) - 1 loop
      found := found || meshhook_expr.reads(node -> i, rooted and i = 1);
    end loop;
    return found;
  elsif op in ('*', '%', '[]', '?', 's*') then
    found := case when rooted then '[[]]' else '[]' end;
    rooted := false;
  end if;
  for i in case when op in ('f', '.f') then 5 else 1 end .. jsonb_array_length(node) - 1 loop
    if jsonb_typeof(node -> i) = 'array' then
      found := found || meshhook_expr.reads(node -> i, rooted and not (op = 'by' and i = 5));
    end if;
  end loop;
  return found;
end
$$;
