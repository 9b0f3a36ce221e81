-- text_parts: splits a string with {{ }} into parts: literal text as strings, expressions as ["x", tree, source],
--   secrets as ["s", name].
-- Guarantees: the end of an expression is found by the expression's own lexer, so braces in strings, quoted names and
--   objects do not end it. Linear: the string is cut at {{ once, and no more than 10 000 characters are looked at for one
--   expression, in steps that double. A secret is a whole expression of the form secrets.name, nothing else.
-- Called by: parse_template_at. Reads nothing.
create or replace function meshhook_expr.text_parts(source text, path jsonb, secrets boolean)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  pieces text[] := string_to_array(source, '{{');
  parts jsonb[] := '{}';
  origin jsonb := jsonb_build_object('path', path);
  done int := char_length(pieces[1]); -- characters of source before the current {{
  i int := 1;
  n int := cardinality(pieces);
  inner_text text;
  lexed record;
  depth int;
  cut int;
  last int;
  size int;
  wrong boolean;
  tree jsonb;
  refs jsonb;
begin
  if pieces[1] <> '' then
    parts := array[to_jsonb(pieces[1])];
  end if;
  while i < n loop
    i := i + 1;
    inner_text := pieces[i];
    last := i;
    cut := null;
    wrong := false;
    loop
      if strpos(inner_text, '}}') > 0 then
        lexed := meshhook_expr.lex(left(inner_text, 10002), 0);
        depth := 0;
        for t in 1 .. cardinality(lexed.kind) loop
          if lexed.kind[t] = '{' then
            depth := depth + 1;
          elsif lexed.kind[t] = '}' then
            if depth = 0 and lexed.kind[t + 1] = '}' and lexed.pos[t + 1] = lexed.pos[t] + 1 then
              cut := lexed.pos[t] - 1;
              exit;
            end if;
            depth := depth - 1;
            wrong := depth < 0;
            exit when wrong;
          end if;
        end loop;
      end if;
      exit when cut is not null or wrong or last = n or char_length(inner_text) > 10000;
      -- a {{ inside the expression, in a string or as two objects: look at twice as much
      size := 2 * char_length(inner_text) + 100;
      while last < n and char_length(inner_text) < size loop
        last := last + 1;
        inner_text := inner_text || '{{' || pieces[last];
      end loop;
    end loop;
    if cut is not null and last > i then
      -- no more pieces than the expression reaches into
      inner_text := pieces[i];
      while char_length(inner_text) < cut + 2 loop
        i := i + 1;
        inner_text := inner_text || '{{' || pieces[i];
      end loop;
    end if;
    if cut is null then
      return meshhook_expr.fail('MH_TEMPLATE_SYNTAX', 'this {{ is never closed by }}', done + 1, origin);
    elsif btrim(left(inner_text, cut), E' \t\n\r') = '' then
      return meshhook_expr.fail('MH_TEMPLATE_SYNTAX', 'there is no expression between {{ and }}', done + 3, origin);
    end if;
    tree := meshhook_expr.parse_at(left(inner_text, cut), done + 2, origin);
    refs := meshhook_expr.references(tree);
    if not (refs ->> 'secrets')::boolean then
      parts := array_append(parts, jsonb_build_array('x', tree, btrim(left(inner_text, cut), E' \t\n\r')));
    elsif tree ->> 0 <> '.p' or cardinality((tree ->> 1)::text[]) <> 2 then
      return meshhook_expr.fail('MH_TEMPLATE_SECRET', 'a secret stands alone between braces, as {{ secrets.name }}', done + 3, origin);
    elsif not secrets then
      return meshhook_expr.fail('MH_TEMPLATE_SECRET', format('no secret may stand at %s', meshhook_expr.path_text(path)), done + 3, origin);
    else
      parts := array_append(parts, jsonb_build_array('s', ((tree ->> 1)::text[])[2]));
    end if;
    if char_length(inner_text) > cut + 2 then
      parts := array_append(parts, to_jsonb(substr(inner_text, cut + 3)));
    end if;
    done := done + 2 + char_length(inner_text);
  end loop;
  return to_jsonb(parts);
end
$$;
