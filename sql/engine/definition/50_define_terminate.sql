-- terminate: checks and compiles its `with`, which may be left out. No edge leaves it: the run is over.
-- Called by: define_node.
create or replace function meshhook_engine.define_terminate(
  p_with jsonb, p_path text, p_node text,
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_read   record;
  v_output jsonb;
  v_reason jsonb;
begin
  ports := '[]';
  uses := '[]';
  problems := meshhook_engine.check_fields(p_with, '{
    "status": {"is": "choice", "of": ["succeeded", "failed", "canceled"]}, "output": {"is": "any"},
    "reason": {"is": "text", "max": 2000, "null": true}}', p_path, p_node);
  if jsonb_typeof(p_with) <> 'object' then
    return;
  end if;
  if coalesce(p_with -> 'output', 'null') <> 'null' then
    select * into v_read from meshhook_engine.read_template(p_with -> 'output', p_path || '/output', p_node);
    v_output := v_read.template;
    uses := uses || jsonb_build_object('path', p_path || '/output', 'refs', v_read.refs);
    problems := problems || v_read.problems;
  end if;
  if jsonb_typeof(p_with -> 'reason') = 'string' then
    select * into v_read from meshhook_engine.read_template(p_with -> 'reason', p_path || '/reason', p_node);
    v_reason := v_read.template;
    uses := uses || jsonb_build_object('path', p_path || '/reason', 'refs', v_read.refs);
    problems := problems || v_read.problems;
  end if;
  compiled := jsonb_build_object('status', coalesce(p_with ->> 'status', 'succeeded'), 'output', v_output, 'reason', v_reason);
end $$;
