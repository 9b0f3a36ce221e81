-- bracket: reads an index, a slice or [*] that begins at token `at` (the opening bracket): ["i", n],
--   ["s*", start, stop, step] or ["*"], and the token after it.
-- Guarantees: numbers are clamped to what an array can hold, so that no index is too large to be an integer.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.bracket(tok text[], kind text[], pos int[], at int, origin jsonb, out step jsonb, out nxt int)
language plpgsql immutable parallel safe
as $$
declare
  parts jsonb := '[null]';
  negative boolean;
begin
  nxt := at + 1;
  if kind[nxt] = '*' and kind[nxt + 1] = ']' then
    step := '["*"]';
    nxt := nxt + 2;
    return;
  end if;
  loop
    if kind[nxt] = ':' and jsonb_array_length(parts) < 3 then
      parts := parts || 'null'::jsonb;
      nxt := nxt + 1;
    elsif (kind[nxt] = 'num' or kind[nxt] = '-' and kind[nxt + 1] = 'num' and pos[nxt + 1] = pos[nxt] + 1)
          and parts -> -1 = 'null' then
      negative := kind[nxt] = '-';
      nxt := nxt + negative::int;
      parts := jsonb_set(parts, '{-1}', to_jsonb(case when negative then -1 else 1 end
        * case when char_length(ltrim(tok[nxt], '0')) > 9 then 2147483647 else tok[nxt]::int end));
      nxt := nxt + 1;
    else
      exit;
    end if;
  end loop;
  if kind[nxt] <> ']' or kind[nxt - 1] = '[' then
    perform meshhook_expr.fail('MH_EXPR_SYNTAX', case when kind[nxt] = 'end' then 'this [ is never closed' else 'expected an index, a slice, * or ? between the brackets' end,
      case when kind[nxt] = 'end' then pos[at] else pos[nxt] end, origin);
  end if;
  nxt := nxt + 1;
  if jsonb_array_length(parts) = 1 then
    step := jsonb_build_array('i', parts -> 0);
  else
    step := jsonb_build_array('s*', parts -> 0, parts -> 1, coalesce(parts -> 2, 'null'));
  end if;
end
$$;
