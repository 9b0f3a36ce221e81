-- template_reads: every path that the expressions of a compiled template read from the root (see reads).
-- Called by: template_references, itself. Reads nothing.
create or replace function meshhook_expr.template_reads(template jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  op text := template ->> 0;
  found jsonb := '[]';
  part jsonb;
begin
  if op = 'x' then
    return meshhook_expr.reads(template -> 1, true);
  elsif op in ('j', 'u') then
    for part in select p.value from jsonb_array_elements(template -> 2) p where p.value ->> 0 = 'x' and jsonb_typeof(p.value) = 'array' loop
      found := found || meshhook_expr.reads(part -> 1, true);
    end loop;
  elsif op = 'o' then
    found := meshhook_expr.reads(template -> 2, true);
    for i in 3 .. jsonb_array_length(template) - 1 by 2 loop
      found := found || meshhook_expr.template_reads(template -> (i + 1));
    end loop;
  elsif op in ('a', 'S') then
    for i in 1 .. jsonb_array_length(template) - 1 loop
      found := found || meshhook_expr.template_reads(template -> i);
    end loop;
  end if;
  return found;
end
$$;
