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
  v_nodes jsonb := '{}';
  v_edges jsonb := '[]';
  v_count int;
  v_read  record;
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

  if jsonb_typeof(p_definition -> 'nodes') = 'object' then
    v_nodes := p_definition -> 'nodes';
  end if;
  if jsonb_typeof(p_definition -> 'edges') = 'array' then
    v_edges := p_definition -> 'edges';
  end if;
  v_count := meshhook_engine.count_nodes(v_nodes);
  if v_count > 500 then
    problems := problems || meshhook_engine.problem('MH_DEF_TOO_MANY_NODES', '/nodes', null,
      format('%s nodes, at most 500 are allowed; nodes and edges were not looked at', v_count));
    return;
  end if;
  v_read := meshhook_engine.read_graph(v_nodes, v_edges, '', 0, '{}', p_secrets, p_compile);
  problems := problems || v_read.problems;
  if p_compile and not exists (select from unnest(problems) where severity = 'error') then
    compiled := meshhook_engine.assemble(p_definition, meshhook_engine.flatten(v_read.graph));
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
