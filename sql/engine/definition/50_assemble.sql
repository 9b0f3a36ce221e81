-- The compiled form of a definition without errors: what the engine reads, and all it reads. docs/definition.md has its shape.
-- p_graph is what assemble_graph and flatten made of nodes and edges. Called by: read_definition.
drop function if exists meshhook_engine.assemble(jsonb, text[], jsonb[], jsonb[], int[], int[], int[], text[]);
create or replace function meshhook_engine.assemble(p_definition jsonb, p_graph jsonb) returns jsonb
language sql immutable as $$
  select p_graph || jsonb_build_object(
    'engine', 1,
    'policy', coalesce(p_definition -> 'policy', '{}') - 'deadline'
      || jsonb_build_object('deadline_ms', meshhook_engine.parse_duration(p_definition #>> '{policy,deadline}')),
    'respond', jsonb_build_object(
      'mode', coalesce(p_definition #> '{respond,mode}', '"ack"'),
      'timeout_ms', coalesce(meshhook_engine.parse_duration(p_definition #>> '{respond,timeout}'), 10000)),
    'input', p_definition -> 'input',
    'pure', not exists (select from jsonb_array_elements(p_graph -> 'nodes') form where form ->> 'type' in ('http_call', 'delay', 'wait', 'call')),
    'uses_vars', exists (select from jsonb_array_elements(p_graph -> 'nodes') form where (form #> '{needs,vars}')::boolean))
    || case when exists (select from jsonb_array_elements(p_graph -> 'nodes') form where jsonb_path_exists(form, 'lax $.**.breaker.open_ms')) then '{"asks": true}' else '{}' end::jsonb
    || case when p_definition -> 'policy' ?| array['concurrency', 'debounce']
         then jsonb_build_object('holds', meshhook_engine.compile_holds(p_definition -> 'policy')) else '{}' end
$$;
