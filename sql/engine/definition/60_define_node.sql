-- One node: checks what every type has in common, hands the rest to its type, and answers with its compiled form, the ports
-- that edges may leave by (null: any, the type is unknown) and what its fields refer to (uses: [{path, refs}]).
-- A new node type is one more define_ function and one more line here.
-- p_path leads to its graph, p_depth is how many loops that is in, p_names are the nodes of it and of the graphs around it.
-- Called by: read_graph.
drop function if exists meshhook_engine.define_node(text, jsonb);
create or replace function meshhook_engine.define_node(
  p_id text, p_definition jsonb, p_path text, p_depth int, p_names text[],
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_path text := meshhook_engine.pointer(p_path || '/nodes', p_id);
  v_type text;
  v_with jsonb;
  v_kind record;
begin
  problems := '{}';
  uses := '[]';
  if p_id = 'trigger' then
    problems := problems || meshhook_engine.problem('MH_DEF_NODE_ID', v_path, p_id, '"trigger" is where every run begins; no node can take its name');
  elsif p_id !~ '^[a-z][a-z0-9_]{0,62}$' then
    problems := problems || meshhook_engine.problem('MH_DEF_NODE_ID', v_path, p_id,
      format('"%s" is no node id: a lower case letter, then letters, digits and _, 63 at most', left(p_id, 80)));
  end if;
  v_type := p_definition ->> 'type';
  problems := problems || meshhook_engine.check_fields(p_definition,
    case v_type when 'http_call' then '{
      "type": {"is": "any"}, "title": {"is": "text", "max": 200}, "with": {"is": "any"},
      "join": {"is": "choice", "of": ["all", "any"]}, "on_error": {"is": "choice", "of": ["fail", "continue"]},
      "timeout": {"is": "duration", "min": 1, "max": 300000}, "retry": {"is": "any"}, "breaker": {"is": "any"}}'::jsonb
    else '{
      "type": {"is": "text", "max": 1000}, "title": {"is": "text", "max": 200}, "with": {"is": "any"},
      "join": {"is": "choice", "of": ["all", "any"]}, "on_error": {"is": "choice", "of": ["fail", "continue"]}}' end, v_path, p_id, '{type}');
  if jsonb_typeof(p_definition) <> 'object' or jsonb_typeof(p_definition -> 'type') is distinct from 'string' then
    return;
  end if;

  v_with := p_definition -> 'with';
  if v_with is null and v_type in ('transform', 'branch', 'http_call', 'delay', 'xml', 'wait', 'call', 'each') then
    problems := problems || meshhook_engine.problem('MH_DEF_MISSING', v_path || '/with', p_id, format('"with" is missing: a %s needs its settings', v_type));
  end if;
  v_with := coalesce(v_with, '{}');
  v_path := v_path || '/with';
  case v_type
  when 'transform' then select * into v_kind from meshhook_engine.define_transform(v_with, v_path, p_id);
  when 'branch' then select * into v_kind from meshhook_engine.define_branch(v_with, v_path, p_id);
  when 'http_call' then select * into v_kind from meshhook_engine.define_http_call(v_with, v_path, p_id, p_definition);
  when 'delay' then select * into v_kind from meshhook_engine.define_delay(v_with, v_path, p_id);
  when 'terminate' then select * into v_kind from meshhook_engine.define_terminate(v_with, v_path, p_id);
  when 'respond' then select * into v_kind from meshhook_engine.define_respond(v_with, v_path, p_id);
  when 'xml' then select * into v_kind from meshhook_engine.define_xml(v_with, v_path, p_id);
  when 'wait' then select * into v_kind from meshhook_engine.define_wait(v_with, v_path, p_id);
  when 'call' then select * into v_kind from meshhook_engine.define_call(v_with, v_path, p_id);
  when 'each' then select * into v_kind from meshhook_engine.define_each(v_with, v_path, p_id, p_depth, p_names);
  else
    problems := problems || meshhook_engine.problem('MH_DEF_NODE_TYPE', left(v_path, -5) || '/type', p_id,
      format('"%s" is no node type; there are transform, branch, http_call, delay, wait, call, respond, each, xml, terminate', left(v_type, 80)));
    return;
  end case;
  if p_definition ? 'with' or v_type in ('respond', 'terminate') then  -- without settings, that they are missing says it all
    problems := problems || v_kind.problems;
  end if;
  ports := v_kind.ports;
  uses := v_kind.uses;
  compiled := jsonb_build_object(
    'id', p_id, 'type', v_type,
    'join', coalesce(p_definition ->> 'join', 'all'), 'on_error', coalesce(p_definition ->> 'on_error', 'fail'))
    || v_kind.compiled;
end $$;
