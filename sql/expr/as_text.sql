-- as_text: a value as text: strings as they are, numbers and booleans as JSON writes them, objects and arrays as compact
--   JSON (no spaces outside strings; keys in jsonb's own fixed order: shorter first, then by bytes).
-- Called by: call_any, render_part. Reads nothing.
create or replace function meshhook_expr.as_text(value jsonb)
returns text
language plpgsql immutable parallel safe
as $$
begin
  if value = 'null' then
    return 'null';
  elsif jsonb_typeof(value) not in ('array', 'object') then
    return value #>> '{}';
  elsif jsonb_strip_nulls(value) = value then
    -- writes compact JSON, and has no null to strip: much faster than a regular expression
    return json_strip_nulls(value::text::json)::text;
  end if;
  return regexp_replace(value::text, '("(?:[^"\\]|\\.)*")|([,:]) ', '\1\2', 'g');
end
$$;
