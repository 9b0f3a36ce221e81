-- as_text: a value as text: strings as they are, numbers and booleans as JSON writes them, objects and arrays as compact
--   JSON (no spaces outside strings; keys in jsonb's own fixed order: shorter first, then by bytes).
-- Called by: call_any, render_part. Reads nothing.
create or replace function meshhook_expr.as_text(value jsonb)
returns text
language plpgsql immutable parallel safe
as $$
begin
  return case
    when jsonb_typeof(value) in ('array', 'object')
    then regexp_replace(value::text, '("(?:[^"\\]|\\.)*")|([,:]) ', '\1\2', 'g')
    else value #>> '{}' end;
end
$$;
