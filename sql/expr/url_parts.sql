-- url_parts: gives each value of a url template the place it stands in: as ["x", tree, source, place], ["s", name, place].
-- Guarantees: the place is decided by the author's own text, never by data: "start" (the very beginning: put in as it is),
--   "host" (between :// and the next / ? #), "path", "query" (after the first ?), "fragment". A value that follows a
--   starting value without a / ? # or host text between them is refused: it could extend the host.
-- Called by: parse_template_at. Reads nothing.
create or replace function meshhook_expr.url_parts(parts jsonb, path jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  before text := ''; -- the author's text so far, each value as one mark
  placed jsonb[] := '{}';
  part jsonb;
  place text;
begin
  for part in select p.value from jsonb_array_elements(parts) with ordinality p(value, nr) order by p.nr loop
    if jsonb_typeof(part) = 'string' then
      before := before || (part #>> '{}');
      placed := array_append(placed, part);
      continue;
    end if;
    place := case
      when before = '' then 'start'
      when strpos(before, '#') > 0 then 'fragment'
      when strpos(before, '?') > 0 then 'query'
      when before ~ '^[^/]*:?//[^/\\]*$' or strpos(before, '/') = 0 then 'host'
      else 'path' end;
    if before = E'\x01' then
      return meshhook_expr.fail('MH_TEMPLATE_URL', 'write a / between the value at the beginning of a url and the next one', null, jsonb_build_object('path', path));
    elsif part ->> 0 = 's' and place = 'host' then
      return meshhook_expr.fail('MH_TEMPLATE_SECRET', 'a secret cannot stand in the host of a url', null, jsonb_build_object('path', path));
    end if;
    placed := array_append(placed, part || to_jsonb(place));
    before := before || E'\x01';
  end loop;
  return to_jsonb(placed);
end
$$;
