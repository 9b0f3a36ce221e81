-- hash: an object of one to eight plain paths (".H1" to ".H8"), each size one expression without a query: half the price of
--   an aggregate over a set.
-- Called by: eval. Reads nothing.
create or replace function meshhook_expr.hash(op text, tree jsonb, root jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if op = '.H2' then
    return jsonb_build_object(
      tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'));
  elsif op = '.H3' then
    return jsonb_build_object(
      tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'),
      tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'));
  elsif op = '.H4' then
    return jsonb_build_object(
      tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'),
      tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'), tree ->> 7, coalesce(root #> ((tree ->> 8)::text[]), 'null'));
  elsif op = '.H5' then
    return jsonb_build_object(
      tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'),
      tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'), tree ->> 7, coalesce(root #> ((tree ->> 8)::text[]), 'null'),
      tree ->> 9, coalesce(root #> ((tree ->> 10)::text[]), 'null'));
  elsif op = '.H1' then
    return jsonb_build_object(
      tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'));
  elsif op = '.H6' then
    return jsonb_build_object(
      tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'),
      tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'), tree ->> 7, coalesce(root #> ((tree ->> 8)::text[]), 'null'),
      tree ->> 9, coalesce(root #> ((tree ->> 10)::text[]), 'null'), tree ->> 11, coalesce(root #> ((tree ->> 12)::text[]), 'null'));
  elsif op = '.H7' then
    return jsonb_build_object(
      tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'),
      tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'), tree ->> 7, coalesce(root #> ((tree ->> 8)::text[]), 'null'),
      tree ->> 9, coalesce(root #> ((tree ->> 10)::text[]), 'null'), tree ->> 11, coalesce(root #> ((tree ->> 12)::text[]), 'null'),
      tree ->> 13, coalesce(root #> ((tree ->> 14)::text[]), 'null'));
  end if;
  return jsonb_build_object(
      tree ->> 1, coalesce(root #> ((tree ->> 2)::text[]), 'null'), tree ->> 3, coalesce(root #> ((tree ->> 4)::text[]), 'null'),
      tree ->> 5, coalesce(root #> ((tree ->> 6)::text[]), 'null'), tree ->> 7, coalesce(root #> ((tree ->> 8)::text[]), 'null'),
      tree ->> 9, coalesce(root #> ((tree ->> 10)::text[]), 'null'), tree ->> 11, coalesce(root #> ((tree ->> 12)::text[]), 'null'),
      tree ->> 13, coalesce(root #> ((tree ->> 14)::text[]), 'null'), tree ->> 15, coalesce(root #> ((tree ->> 16)::text[]), 'null'));
end
$$;
