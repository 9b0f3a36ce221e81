-- climbs: whether a url template with a value in its path came out with . or .. (also as %2e) as a path segment.
-- Called by: render_text, render_secrets. Reads nothing.
create or replace function meshhook_expr.climbs(template jsonb, url text)
returns boolean
language plpgsql immutable parallel safe
as $$
begin
  return url ~* '^[^?#]*/(?:\.|%2e){1,2}(?:[/?#]|$)'
     and exists (select from jsonb_array_elements(template -> 2) p where p.value ->> -1 = 'path');
end
$$;
