-- run: the general evaluator, for everything that eval does not answer by itself.
-- Guarantees: every node costs a step, and more by the size of what it yields; projections cost their elements times the
--   weight of what they apply. Out of steps, nested too deep, or a value above 16 MiB: MH_EXPR_LIMIT. A chain is worked
--   off in one frame. Bodies that depend on the element alone are applied by one statement, others one by one.
-- Called by: eval, itself. Reads nothing, locks nothing, notifies nothing.
create or replace function meshhook_expr.run(node jsonb, cur jsonb, root jsonb, vars jsonb, inout fuel bigint, depth int, out value jsonb)
language plpgsql immutable parallel safe
as $$
declare
  links int := case when node ->> 0 = 'c' then jsonb_array_length(node) - 1 else 0 end;
  link int := 0;
  step jsonb := node;
  op text;
  r record;
  item jsonb;
  list jsonb;
  body jsonb;
  weight int;
  many jsonb[];
  bytes bigint;
begin
  if depth > 250 then
    perform meshhook_expr.fail('MH_EXPR_LIMIT', 'the expression is nested too deep to evaluate');
  end if;
  value := cur;
  loop
    if links > 0 then
      link := link + 1;
      exit when link > links;
      step := node -> link;
    end if;
    op := step ->> 0;
    if op = 'n?' then
      step := case when value = 'null' then '[".@"]' else step -> 1 end;
      op := step ->> 0;
    end if;
    body := null;
    if left(op, 1) = '.' then
      value := meshhook_expr.eval(step, value);

    elsif op in ('*', '%', '[]', '?', 's*', 'by') then
      if op = '*' then
        list := case when jsonb_typeof(value) = 'array' then value end;
      elsif op = '%' then
        list := case when jsonb_typeof(value) = 'object' then
          coalesce((select jsonb_agg(e.value order by e.key collate "C") from jsonb_each(value) e), '[]') end;
      elsif op = '[]' then
        list := case when jsonb_typeof(value) = 'array' then
          coalesce((select jsonb_agg(i.value) from jsonb_array_elements(value) e,
            lateral jsonb_array_elements(case when jsonb_typeof(e.value) = 'array' then e.value else jsonb_build_array(e.value) end) i), '[]') end;
      elsif op = 's*' then
        list := meshhook_expr.slice(value, step -> 1, step -> 2, step -> 3);
        if jsonb_typeof(list) = 'string' then
          value := list;
          list := null;
          if step -> 5 <> 'null' then
            r := meshhook_expr.run(step -> 5, value, root, vars, fuel, depth + 1);
            value := r.value;
            fuel := r.fuel;
          end if;
        else
          value := null;
        end if;
      elsif op = 'by' then
        r := meshhook_expr.run(step -> 3, value, root, vars, fuel, depth + 1);
        fuel := r.fuel;
        list := r.value;
        if jsonb_typeof(list) <> 'array' then
          perform meshhook_expr.fail('MH_EXPR_TYPE', format('%s() needs an array, not %s', step ->> 1, jsonb_typeof(list)), (step ->> 2)::int);
        end if;
      else
        list := case when jsonb_typeof(value) = 'array' then value end;
        if list is not null then
          body := step -> 2;
          weight := (step ->> 1)::int;
          fuel := fuel - jsonb_array_length(list);
          if left(body ->> 0, 1) = '.' then
            fuel := fuel - weight * jsonb_array_length(list)::bigint;
            if fuel >= 0 then
              list := coalesce((select jsonb_agg(e.value) filter (where meshhook_expr.truthy(meshhook_expr.eval(body, e.value))) from jsonb_array_elements(list) e), '[]');
            end if;
          else
            many := '{}';
            for item in select e.value from jsonb_array_elements(list) e loop
              r := meshhook_expr.run(body, item, root, vars, fuel, depth + 1);
              fuel := r.fuel;
              if meshhook_expr.truthy(r.value) then
                many := array_append(many, item);
              end if;
            end loop;
            list := to_jsonb(many);
          end if;
        end if;
      end if;

      if list is not null then
        body := step -> -1;
        weight := (step ->> -2)::int;
        fuel := fuel - jsonb_array_length(list) - pg_column_size(list) / 1024;
        if fuel < 0 then
          null;
        elsif body = 'null' then
          if list @> '[null]' then
            list := (select coalesce(jsonb_agg(e.value) filter (where e.value <> 'null'), '[]') from jsonb_array_elements(list) e);
          end if;
          value := list;
        elsif left(body ->> 0, 1) = '.' then
          fuel := fuel - weight * jsonb_array_length(list)::bigint;
          if fuel < 0 then
            null;
          elsif op = 'by' then
            value := coalesce((select jsonb_agg(meshhook_expr.eval(body, e.value)) from jsonb_array_elements(list) e), '[]');
          elsif body ->> 0 = '.n?' then
            body := body -> 1;
            value := coalesce((select jsonb_agg(b.value) filter (where b.value <> 'null')
              from (select meshhook_expr.eval(body, e.value) as value from jsonb_array_elements(list) e where e.value <> 'null' offset 0) b), '[]');
          else
            value := coalesce((select jsonb_agg(b.value) filter (where b.value <> 'null')
              from (select meshhook_expr.eval(body, e.value) as value from jsonb_array_elements(list) e offset 0) b), '[]');
          end if;
        else
          many := '{}';
          bytes := 0;
          for item in select e.value from jsonb_array_elements(list) e loop
            r := meshhook_expr.run(body, item, root, vars, fuel, depth + 1);
            fuel := r.fuel;
            if op = 'by' or r.value <> 'null' then
              many := array_append(many, r.value);
              bytes := bytes + pg_column_size(r.value);
              if bytes > 16777216 then
                perform meshhook_expr.fail('MH_EXPR_LIMIT', 'a value grows beyond 16 MiB');
              end if;
            end if;
          end loop;
          value := to_jsonb(many);
        end if;
        if op = 'by' and fuel >= 0 then
          value := meshhook_expr.call_by(step ->> 1, list, value, (step ->> 2)::int);
        end if;
      elsif op <> 's*' or value is null then
        value := 'null';
      end if;

    elsif op = 'f' then
      many := '{}';
      bytes := 0;
      for i in 5 .. jsonb_array_length(step) - 1 loop
        if left(step -> i ->> 0, 1) = '.' then
          item := meshhook_expr.eval(step -> i, value);
        else
          r := meshhook_expr.run(step -> i, value, root, vars, fuel, depth + 1);
          item := r.value;
          fuel := r.fuel;
        end if;
        if meshhook_expr.check_argument(step, i - 4, item) then
          many := array_append(many, item);
        end if;
        bytes := bytes + pg_column_size(item);
        exit when step ->> 2 = 'not_null' and item <> 'null';
      end loop;
      fuel := fuel - bytes / 1024;
      if bytes > 33554432 then
        perform meshhook_expr.fail('MH_EXPR_LIMIT', 'the arguments of a function grow beyond 32 MiB', (step ->> 3)::int);
      elsif fuel >= 0 then
        value := case step ->> 1
          when 'any' then meshhook_expr.call_any(step ->> 2, many)
          when 'string' then meshhook_expr.call_string(step ->> 2, many, (step ->> 3)::int)
          when 'number' then meshhook_expr.call_number(step ->> 2, many, (step ->> 3)::int)
          when 'array' then meshhook_expr.call_array(step ->> 2, many, (step ->> 3)::int)
          else meshhook_expr.call_object(step ->> 2, many, (step ->> 3)::int) end;
      end if;

    elsif op = '$p' then
      value := coalesce(root #> ((step ->> 1)::text[]), 'null');
    elsif op = '$' then
      value := root;
    elsif op = 'v' then
      value := coalesce(vars -> (step ->> 1), 'null');

    elsif op in ('h', 'l') then
      many := '{}';
      bytes := 0;
      for i in case op when 'h' then 2 else 1 end .. jsonb_array_length(step) - 1 by case op when 'h' then 2 else 1 end loop
        if left(step -> i ->> 0, 1) = '.' then
          item := meshhook_expr.eval(step -> i, value);
        else
          r := meshhook_expr.run(step -> i, value, root, vars, fuel, depth + 1);
          item := r.value;
          fuel := r.fuel;
        end if;
        many := array_append(many, item);
        bytes := bytes + pg_column_size(item);
        if bytes > 16777216 then
          perform meshhook_expr.fail('MH_EXPR_LIMIT', 'a value grows beyond 16 MiB');
        end if;
      end loop;
      if op = 'l' then
        value := to_jsonb(many);
      else
        value := (select jsonb_object_agg(step ->> (2 * m.nr - 1)::int, m.item order by m.nr) from unnest(many) with ordinality m(item, nr));
      end if;

    elsif op in ('&&', '||') then
      for i in 1 .. jsonb_array_length(step) - 1 loop
        r := meshhook_expr.run(step -> i, value, root, vars, fuel, depth + 1);
        fuel := r.fuel;
        exit when meshhook_expr.truthy(r.value) = (op = '||');
      end loop;
      value := r.value;
    elsif op in ('==', '!=', '<', '<=', '>', '>=') then
      r := meshhook_expr.run(step -> 1, value, root, vars, fuel, depth + 1);
      item := r.value;
      r := meshhook_expr.run(step -> 2, value, root, vars, r.fuel, depth + 1);
      fuel := r.fuel;
      value := meshhook_expr.compare(op, item, r.value);
    elsif op = 'a' then
      r := meshhook_expr.run(step -> 1, value, root, vars, fuel, depth + 1);
      item := r.value;
      fuel := r.fuel;
      for i in 2 .. jsonb_array_length(step) - 1 by 3 loop
        r := meshhook_expr.run(step -> (i + 2), value, root, vars, fuel, depth + 1);
        fuel := r.fuel;
        item := meshhook_expr.arithmetic(item, step ->> i, r.value, (step ->> (i + 1))::int);
        fuel := fuel - pg_column_size(item) / 16;
      end loop;
      value := item;
    elsif op in ('!', 'sign', 't') then
      r := meshhook_expr.run(step -> case op when 'sign' then 3 else 1 end, value, root, vars, fuel, depth + 1);
      fuel := r.fuel;
      if op = '!' then
        value := case when meshhook_expr.truthy(r.value) then 'false' else 'true' end;
      elsif op = 'sign' then
        value := meshhook_expr.arithmetic('0', step ->> 1, r.value, (step ->> 2)::int);
      else
        r := meshhook_expr.run(step -> case when meshhook_expr.truthy(r.value) then 2 else 3 end, value, root, vars, fuel, depth + 1);
        fuel := r.fuel;
        value := r.value;
      end if;

    elsif op = 'let' then
      list := vars;
      for i in 2 .. jsonb_array_length(step) - 1 by 2 loop
        r := meshhook_expr.run(step -> (i + 1), value, root, vars, fuel, depth + 1);
        fuel := r.fuel;
        list := list || jsonb_build_object(step ->> i, r.value);
      end loop;
      if pg_column_size(list) > 33554432 then
        perform meshhook_expr.fail('MH_EXPR_LIMIT', 'the bound variables grow beyond 32 MiB');
      end if;
      r := meshhook_expr.run(step -> 1, value, root, list, fuel - pg_column_size(list) / 1024, depth + 1);
      fuel := r.fuel;
      value := r.value;
    else
      perform meshhook_expr.fail('MH_EXPR_SYNTAX', 'this is no tree that parse() made');
    end if;

    fuel := fuel - 1 - pg_column_size(value) / 1024;
    if fuel < 0 then
      perform meshhook_expr.fail('MH_EXPR_LIMIT', 'the evaluation takes more than 100 000 steps');
    elsif pg_column_size(value) > 16777216 then
      perform meshhook_expr.fail('MH_EXPR_LIMIT', 'a value grows beyond 16 MiB');
    end if;
    exit when links = 0;
  end loop;
end
$$;
