-- json_string: the text between double quotes (quotes included) as jsonb, or SQL NULL when it is no legal JSON string.
-- Guarantees: never raises; control characters, bad escapes, \u0000 and lone surrogates are refused.
-- Called by: literal, expression. Reads nothing.
create or replace function meshhook_expr.json_string(quoted text)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  return case
    when quoted ~ '^"(?:[^"\\\x01-\x1f]|\\["\\/bfnrt]|\\u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4}|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*"$'
    then quoted::jsonb end;
end
$$;
