-- call_by: map, sort_by, min_by, max_by and group_by, once the expression has been applied: keys[i] belongs to list[i].
-- Guarantees: sorting is stable; of equals min_by and max_by take the first.
-- Called by: run. Reads nothing.
create or replace function meshhook_expr.call_by(name text, list jsonb, keys jsonb, place int)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  held text;
begin
  if name = 'map' then
    return keys;
  end if;
  held := meshhook_expr.holds(keys);
  if held = 'nothing' then
    return case name when 'sort_by' then '[]' when 'group_by' then '{}' else 'null' end;
  elsif held not in ('number', 'string') or held = 'number' and name = 'group_by' then
    return meshhook_expr.fail('MH_EXPR_TYPE', format(case name when 'group_by' then '%s() needs an expression that gives a string for every element'
      else '%s() needs an expression that gives a number for every element, or a string for every element' end, name), place);
  elsif name = 'group_by' then
    return (select jsonb_object_agg(g.key, g.members)
              from (select p.key #>> '{}' as key, jsonb_agg(p.item order by p.nr) as members
                      from rows from (jsonb_array_elements(list), jsonb_array_elements(keys)) with ordinality p(item, key, nr)
                     group by 1) g);
  elsif name = 'sort_by' then
    return (select jsonb_agg(p.item order by p.num, p.str collate "C", p.nr)
              from (select q.item, case held when 'number' then q.key::numeric end as num, case held when 'string' then q.key #>> '{}' end as str, q.nr
                      from rows from (jsonb_array_elements(list), jsonb_array_elements(keys)) with ordinality q(item, key, nr)) p);
  elsif name = 'max_by' then
    return (select q.item from rows from (jsonb_array_elements(list), jsonb_array_elements(keys)) with ordinality q(item, key, nr)
             order by case held when 'number' then q.key::numeric end desc, case held when 'string' then q.key #>> '{}' end collate "C" desc, q.nr limit 1);
  end if;
  return (select q.item from rows from (jsonb_array_elements(list), jsonb_array_elements(keys)) with ordinality q(item, key, nr)
           order by case held when 'number' then q.key::numeric end, case held when 'string' then q.key #>> '{}' end collate "C", q.nr limit 1);
end
$$;
