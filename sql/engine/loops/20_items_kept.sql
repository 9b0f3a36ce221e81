-- How the items of a loop that goes on are kept: in pieces of about 8 KB (256 pieces at most), each one event, so that an iteration which looks at
-- its item reads one small piece and not all of them. Pieces have one number of items (k) and begin at the first item that an
-- iteration may still look at (b), so that the piece of an item is found by arithmetic. {"state": {b, k}, "pieces": [{count, from, items}]}, count in the
-- first one.
-- Called by: decide. Pure.
create or replace function meshhook_engine.items_kept(p_state jsonb, p_loop text, p_list jsonb, p_its jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_from int := (p_state -> 'next')::int;
  v_size int := (p_state -> 'size')::int;
  v_per  int;
begin
  v_from := least(v_from, (
    select min(split_part(substr(i, length(p_loop) + 2), ']', 1)::int) from jsonb_object_keys(p_its) i where starts_with(i, p_loop || '[')));
  v_per := greatest((v_size + 255) / 256, least(1000, 8000::bigint * v_size / octet_length(p_list::text)));
  return jsonb_build_object(
    'state', jsonb_build_object('b', v_from, 'k', v_per),
    'pieces', (
      select coalesce(jsonb_agg(case when p.first = v_from then jsonb_build_object('count', v_size) else '{}' end
        || jsonb_build_object('from', p.first, 'items', p.items) order by p.first), '[]')
      from (
        select v_from + (x.n - 1 - v_from) / v_per * v_per as first, jsonb_agg(x.item order by x.n) as items
        from jsonb_array_elements(p_list) with ordinality x(item, n)
        where x.n > v_from
        group by 1
      ) p));
end $$;
