-- path_text: a JSON path for people: ["headers","X-A",0] becomes headers.X-A[0]; the empty path is $.
-- Called by: text_parts, render_part. Reads nothing.
create or replace function meshhook_expr.path_text(path jsonb)
returns text
language plpgsql immutable parallel safe
as $$
declare
  shown text := '';
  part jsonb;
begin
  for part in select p.value from jsonb_array_elements(path) p loop
    if jsonb_typeof(part) = 'number' then
      shown := shown || '[' || (part #>> '{}') || ']';
    else
      shown := shown || case when shown = '' then '' else '.' end || (part #>> '{}');
    end if;
  end loop;
  return case when shown = '' then '$' else shown end;
end
$$;
