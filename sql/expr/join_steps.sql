-- join_steps: the tree for "evaluate `head`, then `next` on its result".
-- Guarantees: chains of fields become one path node (read by one #>), a path with one array index
--   becomes one .x node; everything else a flat chain, so that a long chain is never a deep tree.
-- Called by: expression. Reads nothing.
create or replace function meshhook_expr.join_steps(head jsonb, next jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  last jsonb := case when head ->> 0 = 'c' then head -> -1 else head end;
  a text := last ->> 0;
  b text := next ->> 0;
  fused jsonb;
  step jsonb;
begin
  if b = 'c' then
    for step in select n.value from jsonb_array_elements(next - 0) with ordinality n(value, nr) order by n.nr loop
      head := meshhook_expr.join_steps(head, step);
    end loop;
    return head;
  elsif a = '.@' then
    fused := case when b = 'i' then jsonb_build_array('.x', '{}', array[next ->> 1]::text) else next end;
  elsif b = '.@' then
    return head;
  elsif b = '.p' then
    if a = '.p' then
      fused := meshhook_expr.path_node((last ->> 1)::text[] || (next ->> 1)::text[]);
    elsif a = '.x' then
      fused := jsonb_build_array('.x', last ->> 1, ((last ->> 2)::text[] || (next ->> 1)::text[])::text);
    elsif a in ('$', '$p') then
      fused := jsonb_build_array('$p', (coalesce((last ->> 1)::text[], '{}') || (next ->> 1)::text[])::text);
    end if;
  elsif b = 'i' then
    if a = '.p' then
      fused := jsonb_build_array('.x', last ->> 1, ((last ->> 1)::text[] || (next ->> 1))::text);
    else
      next := jsonb_build_array('.x', '{}', array[next ->> 1]::text);
    end if;
  end if;
  if fused is not null then
    return case when head ->> 0 = 'c' then jsonb_set(head, '{-1}', fused) else fused end;
  end if;
  return case when head ->> 0 = 'c' then head else jsonb_build_array('c', head) end || jsonb_build_array(next);
end
$$;
