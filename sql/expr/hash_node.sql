-- hash_node: {a: x, b: y}. Constants become one constant; up to eight plain paths one .H node (a single expression);
--   more of them one .G node {key: path} (a single aggregate). After a dot ("dotted") a null on the left gives null.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.hash_node(node jsonb, dotted boolean)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  n int := (jsonb_array_length(node) - 1) / 2;
  kinds text[] := array(select distinct node -> (2 * f) ->> 0 from generate_series(1, n) f);
begin
  if kinds = '{.=}' then
    node := jsonb_build_array('.=', (select jsonb_object_agg(node ->> (2 * f - 1), node -> (2 * f) -> 1 order by f) from generate_series(1, n) f));
  elsif kinds = '{.p}' then
    node := (select jsonb_build_array('.H' || n) || jsonb_agg(x.part order by f, x.half)
               from generate_series(1, n) f,
                    lateral (values (1, node -> (2 * f - 1)), (2, node -> (2 * f) -> 1)) x(half, part));
    if n > 8 then
      node := jsonb_build_array('.G', (select jsonb_object_agg(node ->> (2 * f - 1), node -> (2 * f) -> 1 order by f) from generate_series(1, n) f));
    end if;
  end if;
  return case when dotted then jsonb_build_array(case when left(node ->> 0, 1) = '.' then '.n?' else 'n?' end, node) else node end;
end
$$;
