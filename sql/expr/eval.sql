-- eval: evaluates a tree of parse; `root` is both the current value and $. Missing is JSON null, never SQL NULL.
-- Guarantees: pure; nodes that depend on the current value alone are answered here, everything that needs steps counted
--   goes to run, with 100 000 of them. Raises MH422 MH_EXPR_*.
--   Every branch is a small expression of its own: PL/pgSQL readies an expression on its first use in a transaction, and
--   takes a slow way for one that is entered again while it is being evaluated.
--   Hand in values that are not toasted: every access would unpack them again.
-- Called by: the engine, render, run, jmespath. Reads nothing, locks nothing, notifies nothing.
create or replace function meshhook_expr.eval(tree jsonb, root jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  op text := tree ->> 0;
  value jsonb;
begin
  if op = '.p' then
    return coalesce(root #> ((tree ->> 1)::text[]), 'null');
  elsif op like '.H_' then
    return meshhook_expr.hash(op, tree, root);
  elsif op in ('.==', '.!=', '.>', '.<', '.>=', '.<=') then
    return meshhook_expr.compare(op, meshhook_expr.operand(tree -> 1, root), meshhook_expr.operand(tree -> 2, root));
  elsif left(op, 1) <> '.' then
    return (meshhook_expr.run(tree, root, root, '{}', 100000, 1)).value;
  elsif op = '.=' then
    return tree -> 1;
  elsif op in ('.&&', '.||') then
    for i in 1 .. jsonb_array_length(tree) - 1 loop
      value := meshhook_expr.eval(tree -> i, root);
      exit when meshhook_expr.truthy(value) = (op = '.||');
    end loop;
    return value;
  elsif op = '.x' then
    if jsonb_typeof(root #> ((tree ->> 1)::text[])) = 'array' then
      return coalesce(root #> ((tree ->> 2)::text[]), 'null');
    end if;
    return 'null';
  elsif op = '.f' then
    return meshhook_expr.light(tree, root);
  elsif op = '.!' then
    value := meshhook_expr.eval(tree -> 1, root);
    return case when meshhook_expr.truthy(value) then 'false' else 'true' end;
  elsif op = '.t' then
    value := meshhook_expr.eval(tree -> 1, root);
    if meshhook_expr.truthy(value) then
      return meshhook_expr.operand(tree -> 2, root);
    end if;
    return meshhook_expr.operand(tree -> 3, root);
  elsif op = '.a' then
    value := meshhook_expr.operand(tree -> 1, root);
    for i in 2 .. jsonb_array_length(tree) - 1 by 3 loop
      value := meshhook_expr.arithmetic(value, tree ->> i, meshhook_expr.operand(tree -> (i + 2), root), (tree ->> (i + 1))::int);
    end loop;
    return value;
  elsif op = '.n?' then
    if root = 'null' then
      return root;
    end if;
    value := meshhook_expr.eval(tree -> 1, root);
    return value;
  elsif op = '.@' then
    return root;
  elsif op = '.k' then
    return coalesce(root -> (tree ->> 1), 'null');
  elsif op = '.G' then
    return (select jsonb_object_agg(g.key, coalesce(root #> (g.value::text[]), 'null')) from jsonb_each_text(tree -> 1) g);
  elsif op = '.sign' then
    value := meshhook_expr.eval(tree -> 3, root);
    return meshhook_expr.arithmetic('0', tree ->> 1, value, (tree ->> 2)::int);
  end if;
  return meshhook_expr.fail('MH_EXPR_SYNTAX', 'this is no tree that parse() made');
end
$$;
comment on function meshhook_expr.eval(jsonb, jsonb) is 'Evaluates a parsed expression over a document; the result is JSON, null for what is missing.';
