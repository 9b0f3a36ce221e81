-- call: what the log says (data of child.started: the run that is going to be made, and of what), and what the frontier keeps
-- (c: that run). Called by: decide.
create or replace function meshhook_engine.node_call(p_node jsonb, p_root jsonb, p_run jsonb, p_seq int, p_at timestamptz, out data jsonb, out open jsonb)
language plpgsql immutable as $$
declare
  v_child uuid := meshhook_engine.child_id((p_run ->> 'id')::uuid, p_node ->> 'id', p_seq, p_at);
begin
  data := jsonb_build_object(
    'run', v_child, 'workflow', p_node -> 'workflow', 'version', p_node -> 'version', 'wait', p_node -> 'wait',
    'input', case when p_node -> 'input' = 'null' then '{}' else meshhook_expr.render(p_node -> 'input', p_root) end);
  open := jsonb_build_object('c', v_child);
end $$;
