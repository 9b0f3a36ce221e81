-- terminate: how the run ends. A status other than succeeded carries its reason as the run's error.
create or replace function meshhook_engine.node_terminate(p_node jsonb, p_root jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_status text := coalesce(p_node ->> 'status', 'succeeded');
  v_output jsonb := 'null'::jsonb;
  v_reason text;
begin
  if p_node -> 'output' is not null and p_node -> 'output' <> 'null' then
    v_output := meshhook_expr.render(p_node -> 'output', p_root);
  end if;
  if v_status = 'succeeded' then
    return jsonb_build_object('status', v_status, 'output', v_output);
  end if;
  if p_node -> 'reason' is not null and p_node -> 'reason' <> 'null' then
    v_reason := meshhook_expr.render(p_node -> 'reason', p_root) #>> '{}';
  end if;
  return jsonb_build_object('status', v_status, 'output', v_output, 'error', jsonb_build_object(
    'code', case v_status when 'failed' then 'MH_TERMINATED' else 'MH_CANCELED' end,
    'message', coalesce(v_reason, format('The workflow ended the run as %s.', v_status)), 'step', p_node ->> 'id'));
end $$;
