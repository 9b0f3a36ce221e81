-- eval: evaluates a tree of parse; `root` is both the current value and $. Missing is JSON null, never SQL NULL.
-- Guarantees: pure; paths, objects of paths and comparisons are answered by one expression (the hot path of the engine);
--   everything that needs steps counted goes to run, with 100 000 of them. Raises MH422 MH_EXPR_*.
--   Hand in values that are not toasted: every access would unpack them again.
-- Called by: the engine, render, run, jmespath. Reads nothing, locks nothing, notifies nothing.
create or replace function meshhook_expr.eval(tree jsonb, root jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  value jsonb;
  op text;
begin
  value := case tree ->> 0
    when '.1' then coalesce(root[tree ->> 1], 'null')
    when '.2' then coalesce(root[tree ->> 1][tree ->> 2], 'null')
    when '.3' then coalesce(root[tree ->> 1][tree ->> 2][tree ->> 3], 'null')
    when '.4' then coalesce(root[tree ->> 1][tree ->> 2][tree ->> 3][tree ->> 4], 'null')
    when '.=' then tree -> 1
    when '.p' then coalesce(root #> ((tree ->> 1)::text[]), 'null')
    when '.x' then case when jsonb_typeof(root #> ((tree ->> 1)::text[])) = 'array' then coalesce(root #> ((tree ->> 2)::text[]), 'null') else 'null' end
    when '.k' then coalesce(root -> (tree ->> 1), 'null')
    when '.@' then root
    when '.H1' then jsonb_build_object(tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'))
    when '.H2' then jsonb_build_object(tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'))
    when '.H3' then jsonb_build_object(tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'), tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'))
    when '.H4' then jsonb_build_object(tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'), tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'), tree ->> 7, coalesce(root #> ((tree ->> 8)::text[]), 'null'))
    when '.H5' then jsonb_build_object(tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'), tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'), tree ->> 7, coalesce(root #> ((tree ->> 8)::text[]), 'null'), tree ->> 9, coalesce(root #> ((tree ->> 10)::text[]), 'null'))
    when '.H6' then jsonb_build_object(tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'), tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'), tree ->> 7, coalesce(root #> ((tree ->> 8)::text[]), 'null'), tree ->> 9, coalesce(root #> ((tree ->> 10)::text[]), 'null'), tree ->> 11, coalesce(root #> ((tree ->> 12)::text[]), 'null'))
    when '.H7' then jsonb_build_object(tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'), tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'), tree ->> 7, coalesce(root #> ((tree ->> 8)::text[]), 'null'), tree ->> 9, coalesce(root #> ((tree ->> 10)::text[]), 'null'), tree ->> 11, coalesce(root #> ((tree ->> 12)::text[]), 'null'), tree ->> 13, coalesce(root #> ((tree ->> 14)::text[]), 'null'))
    when '.H8' then jsonb_build_object(tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'), tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'), tree ->> 7, coalesce(root #> ((tree ->> 8)::text[]), 'null'), tree ->> 9, coalesce(root #> ((tree ->> 10)::text[]), 'null'), tree ->> 11, coalesce(root #> ((tree ->> 12)::text[]), 'null'), tree ->> 13, coalesce(root #> ((tree ->> 14)::text[]), 'null'), tree ->> 15, coalesce(root #> ((tree ->> 16)::text[]), 'null'))
    when '.==' then meshhook_expr.compare('==', meshhook_expr.leaf(tree -> 1, root), meshhook_expr.leaf(tree -> 2, root))
    when '.!=' then meshhook_expr.compare('!=', meshhook_expr.leaf(tree -> 1, root), meshhook_expr.leaf(tree -> 2, root))
    when '.>' then meshhook_expr.compare('>', meshhook_expr.leaf(tree -> 1, root), meshhook_expr.leaf(tree -> 2, root))
    when '.<' then meshhook_expr.compare('<', meshhook_expr.leaf(tree -> 1, root), meshhook_expr.leaf(tree -> 2, root))
    when '.>=' then meshhook_expr.compare('>=', meshhook_expr.leaf(tree -> 1, root), meshhook_expr.leaf(tree -> 2, root))
    when '.<=' then meshhook_expr.compare('<=', meshhook_expr.leaf(tree -> 1, root), meshhook_expr.leaf(tree -> 2, root))
  end;
  if value is not null then
    return value;
  end if;
  op := tree ->> 0;
  if left(op, 1) <> '.' then
    return (meshhook_expr.run(tree, root, root, '{}', 100000, 1)).value;
  elsif op in ('.&&', '.||') then
    for i in 1 .. jsonb_array_length(tree) - 1 loop
      value := meshhook_expr.eval(tree -> i, root);
      exit when meshhook_expr.truthy(value) = (op = '.||');
    end loop;
    return value;
  elsif op = '.!' then
    value := meshhook_expr.eval(tree -> 1, root);
    return case when meshhook_expr.truthy(value) then 'false' else 'true' end;
  elsif op = '.t' then
    value := meshhook_expr.eval(tree -> 1, root);
    value := meshhook_expr.eval(tree -> case when meshhook_expr.truthy(value) then 2 else 3 end, root);
    return value;
  elsif op = '.G' then
    return (select jsonb_object_agg(g.key, coalesce(root #> meshhook_expr.path_keys(g.value), 'null')) from jsonb_each(tree -> 1) g);
  end if;
  -- a comparison whose operands are not both leaves
  return meshhook_expr.compare(substr(op, 2), meshhook_expr.eval(tree -> 1, root), meshhook_expr.eval(tree -> 2, root));
end
$$;
comment on function meshhook_expr.eval(jsonb, jsonb) is 'Evaluates a parsed expression over a document; the result is JSON, null for what is missing.';
