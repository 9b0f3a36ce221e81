-- call: checks and compiles its `with`. Whether there is such a workflow, and whether it calls back, only the project can tell
-- (check_calls). Called by: define_node.
create or replace function meshhook_engine.define_call(
  p_with jsonb, p_path text, p_node text,
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_read  record;
  v_input jsonb := 'null';
begin
  ports := '["out", "error"]';
  uses := '[]';
  problems := meshhook_engine.check_fields(p_with, '{
    "workflow": {"is": "any"}, "version": {"is": "any"}, "input": {"is": "any"}, "wait": {"is": "bool"}}', p_path, p_node, '{workflow}');
  if jsonb_typeof(p_with) <> 'object' then
    return;
  end if;
  if p_with ? 'workflow' and (jsonb_typeof(p_with -> 'workflow') <> 'string' or p_with ->> 'workflow' !~ '^[a-z0-9][a-z0-9_-]{0,62}$') then
    problems := problems || meshhook_engine.problem('MH_DEF_CALL', p_path || '/workflow', p_node,
      format('%s is no workflow name: lower case letters, digits, - and _, 63 at most', meshhook_engine.quote(p_with -> 'workflow')));
  end if;
  if p_with ? 'version' and p_with -> 'version' <> '"latest"' then
    if jsonb_typeof(p_with -> 'version') <> 'number' then
      problems := problems || meshhook_engine.problem('MH_DEF_CALL', p_path || '/version', p_node,
        format('%s is neither the number of a version nor "latest"', meshhook_engine.quote(p_with -> 'version')));
    else
      problems := problems || meshhook_engine.check_fields(jsonb_build_object('version', p_with -> 'version'),
        '{"version": {"is": "int", "min": 1, "max": 2147483647}}', p_path, p_node);
    end if;
  end if;
  if p_with ? 'input' then
    select * into v_read from meshhook_engine.read_template(p_with -> 'input', p_path || '/input', p_node);
    v_input := v_read.template;
    uses := uses || jsonb_build_object('path', p_path || '/input', 'refs', v_read.refs);
    problems := problems || v_read.problems;
  end if;
  compiled := jsonb_build_object(
    'workflow', p_with -> 'workflow', 'version', coalesce(p_with -> 'version', '"latest"'), 'input', v_input, 'wait', coalesce(p_with -> 'wait', 'true'));
end $$;
