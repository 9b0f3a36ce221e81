-- Mocks as foresee takes them: answers by step, and the nodes with what is pinned put in their place: a pinned step is a
-- constant, a pinned branch a branch whose ports are told. Raises MH_SIMULATE_MOCK for what nothing would read.
-- Called by: meshhook.simulate.
create or replace function meshhook_engine.read_mocks(
  p_mocks jsonb, p_nodes meshhook_engine.node[], out answers jsonb, out nodes meshhook_engine.node[])
language plpgsql immutable as $$
declare
  v_node meshhook_engine.node;
  v_key  text;
  v_name text;
  v_mock jsonb;
  v_n    int;
begin
  answers := '{}';
  nodes := p_nodes;
  if jsonb_typeof(p_mocks) <> 'object' then
    perform meshhook_engine.mock_problem('/', format('mocks are an object by step, got %s', meshhook_engine.quote(p_mocks)));
  end if;
  foreach v_key in array array['$vars', '$run'] loop
    if jsonb_typeof(coalesce(p_mocks -> v_key, '{}')) <> 'object' then
      perform meshhook_engine.mock_problem('/' || v_key, 'an object by name');
    end if;
  end loop;
  for v_key, v_mock in select m.key, m.value from jsonb_each(p_mocks) m where m.key not in ('$vars', '$run') loop
    v_n := null;
    if v_key <> '*' then
      v_name := regexp_replace(v_key, '^[a-z].*\[\d+\]\.', '');  -- loop[3].crm: of that item alone
      select n into v_n from generate_subscripts(p_nodes, 1) n where p_nodes[n].id = v_name;
      if v_n is null then
        perform meshhook_engine.mock_problem('/' || left(v_key, 80), format('the definition has no step "%s"', left(v_key, 80)));
      end if;
      v_node := p_nodes[v_n];
      if v_name <> v_key and v_node.kind not in ('http_call', 'wait', 'call') then
        perform meshhook_engine.mock_problem('/' || left(v_key, 80), format('a %s is pinned for all items at once: as "%s"', v_node.kind, v_name));
      end if;
    end if;
    if v_n is not null and v_node.kind = 'call' then
      answers := answers || jsonb_build_object(v_key, jsonb_build_array(meshhook_engine.read_child_mock(v_mock, '/' || v_key)));
    elsif v_n is not null and v_mock ? 'output' and jsonb_typeof(v_mock) = 'object' then
      if v_node.kind in ('branch', 'terminate') or v_mock - 'output' <> '{}' then
        perform meshhook_engine.mock_problem('/' || v_key, case v_node.kind
          when 'branch' then 'a branch is pinned by {"ports": [...]}' when 'terminate' then 'a terminate node cannot be pinned'
          else 'output stands alone' end);
      end if;
      v_node.spec := v_node.spec || jsonb_build_object('type', 'transform', 'expr', jsonb_build_array('.=', v_mock -> 'output'));
      v_node.kind := 'transform';
      v_node.mask := '';
      v_node.steps := '{}';
      nodes[v_n] := v_node;
    elsif v_n is not null and v_node.kind = 'branch' and v_mock ? 'ports' and v_mock - 'ports' = '{}' and jsonb_typeof(v_mock -> 'ports') = 'array' then
      v_node.spec := v_node.spec || jsonb_build_object('match', 'all', 'default', null, 'cases', (
        select coalesce(jsonb_agg(jsonb_build_object('port', p, 'when', '[".=", true]'::jsonb)), '[]') from jsonb_array_elements(v_mock -> 'ports') p));
      v_node.mask := '';
      v_node.steps := '{}';
      nodes[v_n] := v_node;
    elsif v_n is not null and v_node.kind = 'wait' then
      answers := answers || jsonb_build_object(v_key, jsonb_build_array(meshhook_engine.read_wait_mock(v_mock, '/' || v_key, v_node.spec ? 'approval')));
    elsif v_n is not null and v_node.kind <> 'http_call' then
      perform meshhook_engine.mock_problem('/' || v_key, format('a %s makes no call; pin it with %s', v_node.kind,
        case v_node.kind when 'branch' then '{"ports": [...]}' else '{"output": ...}' end));
    elsif jsonb_typeof(v_mock) = 'array' then
      if v_mock = '[]' or jsonb_array_length(v_mock) > 100 then
        perform meshhook_engine.mock_problem('/' || v_key, 'a list of answers has 1 to 100');
      end if;
      answers := answers || jsonb_build_object(v_key, (
        select jsonb_agg(meshhook_engine.read_mock(a.value, format('/%s/%s', v_key, a.n - 1)) order by a.n)
        from jsonb_array_elements(v_mock) with ordinality a(value, n)));
    else
      answers := answers || jsonb_build_object(v_key, jsonb_build_array(meshhook_engine.read_mock(v_mock, '/' || v_key)));
    end if;
  end loop;
end $$;
