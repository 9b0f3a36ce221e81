-- What there is to know of a graph: an order, its cycles, what can be reached, who comes before whom.
--
-- Nodes are 1..p_count, edges p_from[k] -> p_to[k], 0 is the trigger. The order is Kahn's, and of several nodes that could
-- come next the one with the smallest number comes, so it is one fixed order.
--   order_of    the nodes in topological order; nodes in or behind a cycle are not among them
--   cycles      [[a, b], ...]: cycles that share no node
--   reached     bit n: an edge leads from the trigger to node n, over others or not (bit 0 is the trigger)
--   before      for each node a bit string of those that come before it; null in or behind a cycle
-- Sets are bit strings, so a step costs one machine-level operation on all nodes at once: time goes with the edges.
-- Called by: read_definition. Pure.
create or replace function meshhook_engine.graph(
  p_count int, p_from int[], p_to int[],
  out order_of int[], out cycles jsonb, out reached bit varying, out before bit varying[])
language plpgsql immutable parallel safe as $$
declare
  v_next   int[];                               -- targets, by source
  v_first  int[] := array_fill(0, array[p_count + 2]);  -- where the targets of source n begin in v_next, at n + 1
  v_prior  int[];                               -- sources, by target
  v_begin  int[] := array_fill(0, array[p_count + 2]);
  v_indeg  int[] := array_fill(0, array[p_count + 1]);
  v_none   bit varying := repeat('0', p_count + 1)::bit varying;
  v_ready  bit varying := v_none;
  v_gone   bit varying := v_none;
  v_stack  int[];
  v_place  int[];
  v_walk   int[];
  v_broken boolean := false;
  v_node   int;
  v_to     int;
  v_count  int;
begin
  order_of := '{}';
  cycles := '[]';
  reached := set_bit(v_none, 0, 1);
  before := array_fill(v_none, array[p_count + 1]);

  -- Edges by source and by target, each as one array with offsets.
  select array_agg(t order by f, t), array_agg(f order by t, f) into v_next, v_prior from unnest(p_from, p_to) e (f, t);
  for v_node, v_count in select f, count(*)::int from unnest(p_from) f group by f loop
    v_first[v_node + 2] := v_count;
  end loop;
  for v_node, v_count in select t, count(*)::int from unnest(p_to) t group by t loop
    v_begin[v_node + 2] := v_count;
    v_indeg[v_node + 1] := v_count;
  end loop;
  v_first[1] := 1;
  v_begin[1] := 1;
  for n in 2 .. p_count + 2 loop
    v_first[n] := v_first[n] + v_first[n - 1];
    v_begin[n] := v_begin[n] + v_begin[n - 1];
  end loop;

  -- Reached from the trigger.
  v_stack := '{0}';
  while cardinality(v_stack) > 0 loop
    v_node := v_stack[cardinality(v_stack)];
    v_stack := trim_array(v_stack, 1);
    for k in v_first[v_node + 1] .. v_first[v_node + 2] - 1 loop
      v_to := v_next[k];
      if get_bit(reached, v_to) = 0 then
        reached := set_bit(reached, v_to, 1);
        v_stack := v_stack || v_to;
      end if;
    end loop;
  end loop;

  -- Kahn's order; when it stops early, cut a cycle and go on, to find the others.
  for n in 0 .. p_count loop
    if v_indeg[n + 1] = 0 then
      v_ready := set_bit(v_ready, n, 1);
    end if;
  end loop;
  loop
    loop
      v_node := position(B'1' in v_ready) - 1;
      exit when v_node < 0;
      v_ready := set_bit(v_ready, v_node, 0);
      v_gone := set_bit(v_gone, v_node, 1);
      if v_node > 0 and not v_broken then
        order_of := order_of || v_node;
      end if;
      for k in v_first[v_node + 1] .. v_first[v_node + 2] - 1 loop
        v_to := v_next[k];
        if not v_broken then
          before[v_to + 1] := set_bit(before[v_to + 1] | before[v_node + 1], v_node, 1);
        end if;
        v_indeg[v_to + 1] := v_indeg[v_to + 1] - 1;
        if v_indeg[v_to + 1] = 0 and get_bit(v_gone, v_to) = 0 then
          v_ready := set_bit(v_ready, v_to, 1);
        end if;
      end loop;
    end loop;
    v_node := position(B'0' in v_gone) - 1;
    exit when v_node < 0;
    -- Every node left has one left before it: walk backwards until one repeats.
    v_broken := true;
    v_walk := '{}';
    v_place := array_fill(0, array[p_count + 1]);
    while v_place[v_node + 1] = 0 loop
      v_walk := v_walk || v_node;
      v_place[v_node + 1] := cardinality(v_walk);
      for k in v_begin[v_node + 1] .. v_begin[v_node + 2] - 1 loop
        if get_bit(v_gone, v_prior[k]) = 0 then
          v_to := v_prior[k];
          exit;
        end if;
      end loop;
      v_node := v_to;
    end loop;
    v_walk := v_walk[v_place[v_node + 1]:];
    v_walk := array(select n from unnest(v_walk) with ordinality w (n, ord) order by ord desc);
    v_count := array_position(v_walk, (select min(n) from unnest(v_walk) n));
    v_walk := v_walk[v_count:] || v_walk[:v_count - 1];  -- named from its first node on
    cycles := cycles || jsonb_build_array(to_jsonb(v_walk));
    foreach v_node in array v_walk loop
      v_gone := set_bit(v_gone, v_node, 1);
    end loop;
    foreach v_node in array v_walk loop
      for k in v_first[v_node + 1] .. v_first[v_node + 2] - 1 loop
        v_to := v_next[k];
        v_indeg[v_to + 1] := v_indeg[v_to + 1] - 1;
        if v_indeg[v_to + 1] = 0 and get_bit(v_gone, v_to) = 0 then
          v_ready := set_bit(v_ready, v_to, 1);
        end if;
      end loop;
    end loop;
  end loop;

  if v_broken then
    for n in 1 .. p_count loop
      if not n = any (order_of) then
        before[n + 1] := null;
      end if;
    end loop;
  end if;
  before := before[2:];
end $$;
