-- call_string: the functions on strings. Positions count characters (code points) from 0.
-- Guarantees: counts and positions that are no whole numbers, negative counts and wrong pads are MH_EXPR_VALUE; no result
--   is built that is larger than 16 MiB.
-- Called by: run. Reads nothing.
create or replace function meshhook_expr.call_string(name text, args jsonb[], place int)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  spaces constant text := E'\t\n\x0b\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';
  s text := args[1] #>> '{}';
  t text := args[2] #>> '{}';
  n bigint;
  parts text[];
begin
  if name = 'starts_with' then
    return to_jsonb(starts_with(s, t));
  elsif name = 'ends_with' then
    return to_jsonb(t = '' or right(s, char_length(t)) = t);
  elsif name in ('lower', 'upper') then
    return to_jsonb(meshhook_expr.change_case(s, name = 'upper'));
  elsif name in ('trim', 'trim_left', 'trim_right') then
    t := case when coalesce(t, '') = '' then spaces else t end;
    return to_jsonb(case name when 'trim' then btrim(s, t) when 'trim_left' then ltrim(s, t) else rtrim(s, t) end);
  elsif name in ('find_first', 'find_last') then
    return meshhook_expr.find_text(s, t, meshhook_expr.whole(args[3], place), meshhook_expr.whole(args[4], place), name = 'find_last');
  end if;

  n := meshhook_expr.whole(args[case when name in ('pad_left', 'pad_right') then 2 when name = 'split' then 3 else 4 end], place);
  if n < 0 then
    return meshhook_expr.fail('MH_EXPR_VALUE', format('%s() takes no negative number', name), place);
  end if;
  if name in ('pad_left', 'pad_right') then
    t := coalesce(args[3] #>> '{}', ' ');
    if char_length(t) <> 1 then
      return meshhook_expr.fail('MH_EXPR_VALUE', format('%s() pads with exactly one character', name), place);
    elsif n > 4194304 then
      return meshhook_expr.fail('MH_EXPR_LIMIT', 'a value grows beyond 16 MiB', place);
    elsif n <= char_length(s) then
      return to_jsonb(s);
    end if;
    return to_jsonb(case name when 'pad_left' then lpad(s, n::int, t) else rpad(s, n::int, t) end);
  elsif name = 'split' then
    if s = '' then
      return case when t = '' then '[]' else '[""]' end;
    end if;
    parts := string_to_array(s, nullif(t, '')); -- NULL splits into characters
    if n < cardinality(parts) - 1 then
      parts := parts[:n] || array_to_string(parts[n + 1:], t);
    end if;
    return to_jsonb(parts);
  end if;
  -- replace
  if t = '' or n = 0 then
    return to_jsonb(s);
  end if;
  parts := string_to_array(s, t);
  n := least(coalesce(n, cardinality(parts)), cardinality(parts) - 1);
  if n * octet_length(args[3] #>> '{}') > 16777216 then
    return meshhook_expr.fail('MH_EXPR_LIMIT', 'a value grows beyond 16 MiB', place);
  end if;
  if cardinality(parts) < 2 then
    return to_jsonb(s);
  end if;
  return to_jsonb(array_to_string(parts[:n] || array_to_string(parts[n + 1:], t), args[3] #>> '{}'));
end
$$;
