-- find_text: the position of the first or last occurrence of `sought` that lies wholly within s[a:z]; JSON null when none.
-- Called by: call_string. Reads nothing.
create or replace function meshhook_expr.find_text(s text, sought text, a bigint, z bigint, backwards boolean)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  n int := char_length(s);
  start int := greatest(least(case when a < 0 then n + a else coalesce(a, 0) end, n), 0);
  stop int := greatest(least(case when z < 0 then n + z else coalesce(z, n) end, n), 0);
  found_at int;
begin
  if sought = '' or stop <= start then
    return 'null';
  end if;
  s := substr(s, start + 1, stop - start);
  if backwards then
    found_at := strpos(reverse(s), reverse(sought));
    found_at := case when found_at > 0 then char_length(s) - found_at - char_length(sought) + 2 else 0 end;
  else
    found_at := strpos(s, sought);
  end if;
  return case when found_at > 0 then to_jsonb(start + found_at - 1) else 'null' end;
end
$$;
