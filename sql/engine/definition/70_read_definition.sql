-- The one reading of a definition: all its problems, and, when none of them is an error, its compiled form.
--
-- Guarantees: never raises, whatever the value; expressions and templates are parsed once; the compiled form is one fixed
-- value for one definition (nodes in Kahn's order, ties by id in byte order). p_secrets are the names of secrets there are;
-- null when the project is not known, and then none is missed. Without p_compile it stops at the problems.
-- Called by: validate, publish, compile.
create or replace function meshhook_engine.read_definition(
  p_definition jsonb, p_secrets text[] default null, p_compile boolean default true,
  out problems meshhook_engine.problem[], out compiled jsonb)
language plpgsql immutable as $$
declare
  v_nodes    jsonb := '{}';
  v_ids      text[];          -- in byte order
  v_values   jsonb[];
  v_forms    jsonb[] := '{}'; -- compiled nodes
  v_ports    jsonb[] := '{}';
  v_uses     jsonb[] := '{}'; -- a node: [{path, refs}]
  v_edges    jsonb := '[]';
  v_from     int[];           -- good edges: node numbers (0: trigger), in the order of the definition
  v_to       int[];
  v_port     text[];
  v_node     record;
  v_graph    record;
  v_more     meshhook_engine.problem[];
  v_too_many boolean;
begin
  problems := '{}';
  if p_definition is null or jsonb_typeof(p_definition) <> 'object' then
    problems := array[meshhook_engine.problem('MH_DEF_TYPE', '', null,
      format('a definition is an object, got %s', meshhook_engine.quote(p_definition)))];
    return;
  end if;
  if octet_length(p_definition::text) > 1048576 then
    problems := array[meshhook_engine.problem('MH_DEF_TOO_LARGE', '', null,
      format('%s bytes, at most 1048576 are allowed', octet_length(p_definition::text)))];
    return;
  end if;
  if jsonb_path_exists(p_definition, 'strict $.**{101}') then
    problems := array[meshhook_engine.problem('MH_DEF_TOO_DEEP', '', null, 'nested deeper than 100 levels')];
    return;
  end if;
  problems := meshhook_engine.check_document(p_definition);

  -- Nodes.
  if jsonb_typeof(p_definition -> 'nodes') = 'object' then
    v_nodes := p_definition -> 'nodes';
  end if;
  select coalesce(array_agg(key order by key collate "C"), '{}'), coalesce(array_agg(value order by key collate "C"), '{}')
  into v_ids, v_values from jsonb_each(v_nodes);
  v_too_many := cardinality(v_ids) > 500;
  if v_too_many then
    problems := problems || meshhook_engine.problem('MH_DEF_TOO_MANY_NODES', '/nodes', null,
      format('%s nodes, at most 500 are allowed; nodes and edges were not looked at', cardinality(v_ids)));
    return;
  end if;
  for n in 1 .. cardinality(v_ids) loop
    v_node := meshhook_engine.define_node(v_ids[n], v_values[n]);
    if v_node.problems <> '{}' then
      problems := problems || v_node.problems;
    end if;
    v_forms := v_forms || v_node.compiled;
    v_ports := v_ports || v_node.ports;
    v_uses := v_uses || v_node.uses;
  end loop;

  -- Edges.
  if jsonb_typeof(p_definition -> 'edges') = 'array' then
    v_edges := p_definition -> 'edges';
  end if;
  select * into v_more, v_from, v_to, v_port from meshhook_engine.read_edges(v_edges, v_ids, v_ports);
  problems := problems || v_more;
  v_graph := meshhook_engine.graph(cardinality(v_ids), v_from, v_to);
  if not 0 = any (v_from) then
    problems := problems || meshhook_engine.problem('MH_DEF_NO_START', '/edges', null, 'no edge leads from "trigger" to a node: nothing would ever run');
  else
    problems := problems || array(
      select meshhook_engine.problem('MH_DEF_UNREACHABLE', meshhook_engine.pointer('/nodes', v_ids[n]), v_ids[n],
        format('no path leads from "trigger" to "%s"', left(v_ids[n], 80)))
      from generate_series(1, cardinality(v_ids)) n
      where get_bit(v_graph.reached, n) = 0);
  end if;
  problems := problems || array(
    select meshhook_engine.problem('MH_DEF_CYCLE', '/edges', v_ids[(cycle -> 0)::int],
      'a run would go round in circles: ' || (
        select string_agg(left(v_ids[n::int], 80), ' -> ' order by ord) from jsonb_array_elements_text(cycle || (cycle -> 0)) with ordinality c (n, ord)))
    from jsonb_array_elements(v_graph.cycles) cycle);

  -- References.
  problems := problems || meshhook_engine.check_references(v_uses, v_ids, v_graph.before, p_secrets);

  if p_compile and not exists (select from unnest(problems) where severity = 'error') then
    compiled := meshhook_engine.assemble(p_definition, v_ids, v_forms, v_uses, v_graph.order_of, v_from, v_to, v_port);
  end if;
  if cardinality(problems) > 1000 then  -- errors first, so that no warning crowds one out
    problems := array(
      select row(p.severity, p.code, p.path, p.node, p.message)::meshhook_engine.problem
      from unnest(problems) with ordinality p (severity, code, path, node, message, ord)
      order by p.severity, p.ord limit 1000)
      || meshhook_engine.problem('MH_DEF_TOO_MANY_PROBLEMS', '', null,
        format('%s problems; 1000 are listed, errors before warnings', cardinality(problems)), 'warning');
  end if;
end $$;
