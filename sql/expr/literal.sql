-- literal: the value between backticks: JSON, or the legacy unquoted form (`foo` is the string "foo").
-- Guarantees: decides whether the text is JSON without an exception block (those are not allowed in parallel plans):
--   tokens are folded to marks and containers of marks to a mark until nothing changes.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.literal(token text, place int, origin jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  body text := replace(substr(token, 2, char_length(token) - 2), '\`', '`');
  rest text;
  folded text;
  value jsonb;
begin
  if body ~ '^(?:-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?|true|false|null)$' then
    return body::jsonb;
  end if;
  rest := body;
  if body !~ '[\x01\x02]' then
    rest := regexp_replace(rest, '"(?:[^"\\\x01-\x1f]|\\["\\/bfnrt]|\\u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4}|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*"', E'\x01', 'g');
    if rest ~ '[0-9][eE][-+]?0*[1-9][0-9]{3}' then
      return meshhook_expr.fail('MH_EXPR_VALUE', 'the number in this literal is out of range', place, origin);
    end if;
    rest := regexp_replace(rest, '-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null', E'\x02', 'g');
    rest := regexp_replace(rest, '[ \t\n\r]+', '', 'g');
    for round in 1..101 loop
      exit when rest in (E'\x01', E'\x02');
      folded := regexp_replace(rest, '\[(?:[\x01\x02](?:,[\x01\x02])*)?\]|\{(?:\x01:[\x01\x02](?:,\x01:[\x01\x02])*)?\}', E'\x02', 'g');
      exit when folded = rest;
      rest := folded;
      if round = 101 then
        return meshhook_expr.fail('MH_EXPR_LIMIT', 'this literal is nested more than 100 levels deep', place, origin);
      end if;
    end loop;
    if rest in (E'\x01', E'\x02') then
      return body::jsonb;
    end if;
  end if;
  if ltrim(body) !~ '^[\[{"]' then
    value := meshhook_expr.json_string('"' || ltrim(body) || '"');
  end if;
  if value is null or ltrim(body) = '' then
    return meshhook_expr.fail('MH_EXPR_SYNTAX', 'this literal is not valid JSON', place, origin);
  end if;
  return value;
end
$$;
