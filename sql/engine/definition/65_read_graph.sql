-- The one reading of a graph, the workflow's own or the body of a loop: all problems of its nodes, edges and references, and,
-- when none of them is an error, its compiled form.
--
-- p_path leads to the graph in the definition: '' or /nodes/each/with/do. p_names are the nodes of the graphs around it: a name
-- means one thing wherever it can be read. What a body reads from outside (uses) is judged there, as the loop's own doing:
-- steps must come before the loop. Of a body, item and index are what the names at the top of an expression may also be.
-- Called by: read_definition, define_each.
create or replace function meshhook_engine.read_graph(
  p_nodes jsonb, p_edges jsonb, p_path text, p_depth int, p_names text[], p_secrets text[], p_compile boolean,
  out problems meshhook_engine.problem[], out graph jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_ids    text[];          -- in byte order
  v_values jsonb[];
  v_forms  jsonb[] := '{}'; -- compiled nodes
  v_ports  jsonb[] := '{}';
  v_uses   jsonb[] := '{}'; -- a node: [{path, refs, node, inner}]; inner: what its body reads, not the node itself
  v_local  jsonb[];
  v_from   int[];           -- good edges: node numbers (0: trigger), in the order of the definition
  v_to     int[];
  v_port   text[];
  v_node   record;
  v_graph  record;
  v_more   meshhook_engine.problem[];
begin
  problems := '{}';
  select coalesce(array_agg(key order by key collate "C"), '{}'), coalesce(array_agg(value order by key collate "C"), '{}')
  into v_ids, v_values from jsonb_each(p_nodes);
  for n in 1 .. cardinality(v_ids) loop
    if v_ids[n] = any (p_names) then
      problems := problems || meshhook_engine.problem('MH_DEF_NODE_ID', meshhook_engine.pointer(p_path || '/nodes', v_ids[n]), v_ids[n],
        format('"%s" is a node of the graph around this loop already; within a loop both could be meant', left(v_ids[n], 80)));
    end if;
    v_node := meshhook_engine.define_node(v_ids[n], v_values[n], p_path, p_depth, p_names || v_ids);
    if v_node.problems <> '{}' then
      problems := problems || v_node.problems;
    end if;
    v_forms := v_forms || v_node.compiled;
    v_ports := v_ports || v_node.ports;
    v_uses := v_uses || v_node.uses;
  end loop;

  -- Edges.
  select * into v_more, v_from, v_to, v_port from meshhook_engine.read_edges(p_edges, v_ids, v_ports, p_path);
  problems := problems || v_more;
  v_graph := meshhook_engine.graph(cardinality(v_ids), v_from, v_to);
  if not 0 = any (v_from) then
    problems := problems || meshhook_engine.problem('MH_DEF_NO_START', p_path || '/edges', null, 'no edge leads from "trigger" to a node: nothing would ever run');
  else
    problems := problems || array(
      select meshhook_engine.problem('MH_DEF_UNREACHABLE', meshhook_engine.pointer(p_path || '/nodes', v_ids[n]), v_ids[n],
        format('no path leads from "trigger" to "%s"', left(v_ids[n], 80)))
      from generate_series(1, cardinality(v_ids)) n
      where get_bit(v_graph.reached, n) = 0);
  end if;
  problems := problems || array(
    select meshhook_engine.problem('MH_DEF_CYCLE', p_path || '/edges', v_ids[(cycle -> 0)::int],
      'a run would go round in circles: ' || (
        select string_agg(left(v_ids[n::int], 80), ' -> ' order by ord) from jsonb_array_elements_text(cycle || (cycle -> 0)) with ordinality c (n, ord)))
    from jsonb_array_elements(v_graph.cycles) cycle);

  -- References: what is this graph's is judged here, what is not is handed outwards.
  if p_depth > 0 then
    v_local := array(
      select coalesce(jsonb_agg(use || jsonb_build_object('refs', jsonb_build_object('steps', (
        select coalesce(jsonb_agg(step), '[]') from jsonb_array_elements_text(use #> '{refs,steps}') step where step = any (v_ids)))))
        filter (where jsonb_typeof(use -> 'refs') = 'object'), '[]')
      from unnest(v_uses) with ordinality u(uses, n)
      left join lateral jsonb_array_elements(u.uses) use on true
      group by u.n order by u.n);
    uses := (
      select coalesce(jsonb_agg(use || jsonb_build_object('inner', true, 'node', coalesce(use ->> 'node', v_ids[u.n]), 'refs',
        (use -> 'refs') || jsonb_build_object(
          'steps', (select coalesce(jsonb_agg(step), '[]') from jsonb_array_elements_text(use #> '{refs,steps}') step where step <> all (v_ids)),
          'roots', coalesce(use #> '{refs,roots}', '[]') - 'item' - 'index')) order by u.n), '[]')
      from unnest(v_uses) with ordinality u(uses, n), jsonb_array_elements(u.uses) use
      where jsonb_typeof(use -> 'refs') = 'object');
  end if;
  problems := problems || meshhook_engine.check_references(coalesce(v_local, v_uses), v_ids, v_graph.before, p_secrets);

  if p_compile and not exists (select from unnest(problems) where severity = 'error') then
    graph := meshhook_engine.assemble_graph(v_ids, v_forms, v_uses, v_graph.order_of, v_from, v_to, v_port, p_depth > 0);
  end if;
end $$;
