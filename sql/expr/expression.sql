-- expression: the Pratt parser. Reads one expression from token `at` for as long as operators bind tighter than `bind`.
-- Guarantees: one frame a nesting level, at most 100 of them (`depth` counts 2 for each, 1 for a projection within a
--   projection); every error carries its character. With `base` set no value
--   is read first: the expression goes on from `base` (the right-hand side of a projection). `scope` holds the variables
--   in sight. The tree it builds is described in parse.sql.
-- Called by: parse, itself. Reads nothing.
create or replace function meshhook_expr.expression(
  tok text[], kind text[], pos int[], at int, bind int, depth int, scope text[], base jsonb, origin jsonb,
  out node jsonb, out nxt int)
language plpgsql immutable parallel safe
as $$
declare
  i int := at;
  k text;
  start int;
  dotted boolean := false;        -- a value is wanted after a dot
  wanted boolean := base is null; -- a value is wanted
  forced boolean := base is not null;
  value jsonb;
  item jsonb;
  names text[];
  sig jsonb;
  r record;
  parts jsonb[];                  -- of the list, object, call, let or run of operators being read
  wraps int := 0;
  project int;                    -- value is a projection whose right-hand side binds this tightly
  joined boolean := false;        -- value is to be applied to node
begin
  if depth > 200 then
    perform meshhook_expr.fail('MH_EXPR_LIMIT', 'the expression is nested more than 100 levels deep', pos[i], origin);
  end if;
  node := base;
  loop
    k := kind[i];
    if wanted then
      wanted := false;
      start := i;
      i := i + 1;
      if k = 'id' and kind[i] = '(' then
        sig := meshhook_expr.signature(tok[start]);
        if sig is null then
          perform meshhook_expr.fail('MH_EXPR_UNKNOWN_FUNCTION', format('there is no function %s()', tok[start]), pos[start], origin);
        end if;
        parts := '{}';
        i := i + 1;
        if kind[i] = ')' then
          i := i + 1;
        else
          loop
            item := sig -> 'takes' -> least(cardinality(parts), jsonb_array_length(sig -> 'takes') - 1);
            if (kind[i] = '&') is distinct from (item = '"&"') and cardinality(parts) < coalesce((sig ->> 'most')::int, 10000) then
              perform meshhook_expr.fail('MH_EXPR_TYPE', format(case when kind[i] = '&' then '%s() takes a value, not an &expression, as argument %s'
                else '%s() takes an &expression as argument %s' end, tok[start], cardinality(parts) + 1), pos[i], origin);
            end if;
            r := meshhook_expr.expression(tok, kind, pos, i + (kind[i] = '&')::int, 0, depth + 2, scope, null, origin);
            parts := array_append(parts, r.node);
            i := r.nxt + 1;
            exit when kind[r.nxt] = ')';
            if kind[r.nxt] <> ',' then
              perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'expected , or ) in the arguments of ' || tok[start] || '()', pos[r.nxt], origin);
            end if;
          end loop;
        end if;
        if cardinality(parts) not between (sig ->> 'least')::int and coalesce((sig ->> 'most')::int, 10000) then
          perform meshhook_expr.fail('MH_EXPR_ARITY', format('%s() takes %s argument(s), not %s', tok[start],
            (sig ->> 'least') || case when not sig ? 'most' then ' or more' when sig -> 'most' <> sig -> 'least' then ' to ' || (sig ->> 'most') else '' end,
            cardinality(parts)), pos[start], origin);
        end if;
        value := to_jsonb(parts);
        if sig ->> 'family' = 'by' then
          if tok[start] = 'map' then
            value := jsonb_build_array(value -> 1, value -> 0);
          end if;
          value := jsonb_build_array('by', tok[start], pos[start], value -> 0, meshhook_expr.weight(value -> 1), value -> 1);
        else
          value := jsonb_build_array(case when sig ? 'light' and not exists (select from jsonb_array_elements(value) a where left(a.value ->> 0, 1) <> '.') then '.f' else 'f' end,
            sig ->> 'family', tok[start], pos[start], sig -> 'takes') || value;
        end if;
      elsif k = 'id' and tok[start] = 'let' and kind[i] = 'var' and not dotted then
        names := scope;
        parts := '{}';
        loop
          if kind[i] <> 'var' or kind[i + 1] <> '=' then
            perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'expected $name = expression', pos[i + (kind[i] = 'var')::int], origin);
          end if;
          r := meshhook_expr.expression(tok, kind, pos, i + 2, 0, depth + 2, scope, null, origin);
          parts := array_append(array_append(parts, to_jsonb(substr(tok[i], 2))), r.node);
          names := names || substr(tok[i], 2);
          i := r.nxt + 1;
          exit when kind[r.nxt] = 'id' and tok[r.nxt] = 'in';
          if kind[r.nxt] <> ',' then
            perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'expected , or in after a binding', pos[r.nxt], origin);
          end if;
        end loop;
        r := meshhook_expr.expression(tok, kind, pos, i, 0, depth + 2, names, null, origin);
        value := jsonb_build_array('let', r.node) || to_jsonb(parts);
        i := r.nxt;
      elsif k = 'id' then
        value := meshhook_expr.path_node(array[tok[start]]);
      elsif k = 'q' then
        item := meshhook_expr.json_string(tok[start]);
        if item is null then
          perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'this quoted name is not a valid JSON string', pos[start], origin);
        elsif kind[i] = '(' then
          perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'a function name is not quoted', pos[start], origin);
        end if;
        value := meshhook_expr.path_node(array[item #>> '{}']);
      elsif k = '[' and dotted or k = '[' and not (kind[i] in ('num', ':') or kind[i] = '-' and kind[i + 1] = 'num' or kind[i] = '*' and kind[i + 1] = ']') then
        parts := '{"\"l\""}';
        loop
          r := meshhook_expr.expression(tok, kind, pos, i, 0, depth + 2, scope, null, origin);
          parts := array_append(parts, r.node);
          i := r.nxt + 1;
          exit when kind[r.nxt] = ']';
          if kind[r.nxt] <> ',' then
            perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'expected , or ] in a list', pos[r.nxt], origin);
          end if;
        end loop;
        value := meshhook_expr.list_node(to_jsonb(parts), dotted);
      elsif k = '{' then
        parts := '{"\"h\""}';
        loop
          if kind[i] not in ('id', 'q') or kind[i + 1] <> ':' then
            perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'expected name: expression between the braces', pos[i], origin);
          end if;
          item := case when kind[i] = 'id' then to_jsonb(tok[i]) else meshhook_expr.json_string(tok[i]) end;
          if item is null then
            perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'this quoted name is not a valid JSON string', pos[i], origin);
          end if;
          r := meshhook_expr.expression(tok, kind, pos, i + 2, 0, depth + 2, scope, null, origin);
          parts := array_append(array_append(parts, item), r.node);
          i := r.nxt + 1;
          exit when kind[r.nxt] = '}';
          if kind[r.nxt] <> ',' then
            perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'expected , or } in an object', pos[r.nxt], origin);
          end if;
        end loop;
        value := meshhook_expr.hash_node(to_jsonb(parts), dotted);
      elsif k = '*' then
        value := '["%"]';
        project := 200;
      elsif dotted then
        perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'expected a name, a function, *, [ or { after the dot', pos[start], origin);
      elsif k = '@' then
        value := '[".@"]';
      elsif k = '$' then
        value := '["$"]';
      elsif k = 'var' then
        if not substr(tok[start], 2) = any (scope) then
          perform meshhook_expr.fail('MH_EXPR_UNDEFINED_VARIABLE', format('the variable %s is not bound here', tok[start]), pos[start], origin);
        end if;
        value := jsonb_build_array('v', substr(tok[start], 2));
      elsif k = 's' then
        value := jsonb_build_array('.=', regexp_replace(substr(tok[start], 2, char_length(tok[start]) - 2), '\\([\\''])', '\1', 'g'));
      elsif k = 'lit' then
        value := jsonb_build_array('.=', meshhook_expr.literal(tok[start], pos[start], origin));
      elsif k in ('[', '[]', '[?') then
        value := '[".@"]';
        i := start;
        forced := true;
      elsif k = '(' then
        r := meshhook_expr.expression(tok, kind, pos, i, 0, depth + 2, scope, null, origin);
        if kind[r.nxt] <> ')' then
          perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'this ( is never closed', pos[start], origin);
        end if;
        value := r.node;
        i := r.nxt + 1;
      elsif k in ('!', '-', '+') then
        r := meshhook_expr.expression(tok, kind, pos, i, 80, depth + 2, scope, null, origin);
        value := meshhook_expr.unary_node(k, pos[start], r.node);
        i := r.nxt;
      elsif k = 'end' then
        perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'the expression ends where a value is expected', pos[start], origin);
      elsif k = 'bad' then
        perform meshhook_expr.fail('MH_EXPR_SYNTAX', case when left(tok[start], 1) in ('"', '''', '`')
          then 'this quote is never closed' else format('unexpected character %s', quote_literal(tok[start])) end, pos[start], origin);
      else
        perform meshhook_expr.fail('MH_EXPR_SYNTAX', format(case k when 'num'
          then 'a number stands between backticks, as `%s`' else 'a value is expected here, not %s' end, tok[start]), pos[start], origin);
      end if;
      if not dotted then
        node := '[".@"]';
      end if;
      dotted := false;
      joined := true;
    else
      exit when meshhook_expr.strength(k) <= bind and not (forced and k in ('.', '[', '[]', '[?'));
      forced := false;
      start := i;
      i := i + 1;
      if k = '.' then
        wanted := true;
        dotted := true;
      elsif k in ('[', '[]', '[?') then
        if k = '[' then
          r := meshhook_expr.bracket(tok, kind, pos, start, origin);
          value := r.step;
          i := r.nxt;
        elsif k = '[]' then
          value := '["[]"]';
        else
          r := meshhook_expr.expression(tok, kind, pos, i, 0, depth + 2, scope, null, origin);
          if kind[r.nxt] <> ']' then
            perform meshhook_expr.fail('MH_EXPR_SYNTAX', case when kind[r.nxt] = 'end' then 'this [? is never closed' else 'expected ] after the condition' end,
              case when kind[r.nxt] = 'end' then pos[start] else pos[r.nxt] end, origin);
          end if;
          value := jsonb_build_array('?', meshhook_expr.weight(r.node), r.node);
          i := r.nxt + 1;
        end if;
        joined := true;
        if value ->> 0 <> 'i' then
          project := case k when '[]' then 90 when '[?' then 210 else 200 end;
        end if;
      elsif k = '?' then
        r := meshhook_expr.expression(tok, kind, pos, i, 0, depth + 2, scope, null, origin);
        value := r.node;
        if kind[r.nxt] <> ':' then
          perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'expected : in condition ? value : other value', pos[r.nxt], origin);
        end if;
        r := meshhook_expr.expression(tok, kind, pos, r.nxt + 1, 14, depth + 2, scope, null, origin);
        node := meshhook_expr.operator_node('t', array[node, value, r.node]);
        i := r.nxt;
      else
        r := meshhook_expr.expression(tok, kind, pos, i, meshhook_expr.strength(k), depth + 2, scope, null, origin);
        i := r.nxt;
        if k = '|' then
          node := meshhook_expr.join_steps(node, r.node);
        elsif k in ('+', '-', '*', '/', '%', '//') then
          -- a run of operators that bind alike is one node, worked off from left to right
          parts := array[to_jsonb(k), to_jsonb(pos[start]), r.node];
          while meshhook_expr.strength(kind[i]) = meshhook_expr.strength(k) loop
            r := meshhook_expr.expression(tok, kind, pos, i + 1, meshhook_expr.strength(k), depth + 2, scope, null, origin);
            parts := parts || array[to_jsonb(kind[i]), to_jsonb(pos[i]), r.node];
            i := r.nxt;
          end loop;
          node := meshhook_expr.arithmetic_node(node, parts);
        elsif k in ('&&', '||') then
          -- a run of the same operator is one node
          parts := array[node, r.node];
          while kind[i] = k loop
            r := meshhook_expr.expression(tok, kind, pos, i + 1, meshhook_expr.strength(k), depth + 2, scope, null, origin);
            parts := array_append(parts, r.node);
            i := r.nxt;
          end loop;
          node := meshhook_expr.operator_node(k, parts);
        else
          node := meshhook_expr.operator_node(k, array[node, r.node]);
        end if;
        if k <> '|' then
          wraps := wraps + 1;
          if wraps > 20 then
            perform meshhook_expr.fail('MH_EXPR_LIMIT', 'more than 20 operators of different strength in a row without parentheses', pos[start], origin);
          end if;
        end if;
      end if;
    end if;
    if joined then
      if project is not null then
        -- what the projection applies to every element: all that follows and binds as tightly as a bracket or a dot
        item := '[".@"]';
        if kind[i] in ('.', '[', '[?') then
          r := meshhook_expr.expression(tok, kind, pos, i, project, depth + 1, scope, item, origin);
          item := r.node;
          i := r.nxt;
        end if;
        item := case when item = '[".@"]' then 'null' else item end;
        value := value || jsonb_build_array(meshhook_expr.weight(item), item);
        project := null;
      end if;
      node := meshhook_expr.join_steps(node, value);
      joined := false;
    end if;
  end loop;
  nxt := i;
end
$$;
