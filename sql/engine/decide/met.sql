-- What becomes of a step that waited for something else than a call or a delay, when it comes or does not: {output, port} or
-- {error}. A timeout that no edge leads on from, and a rejection, fail the step: nobody should miss them.
-- Called by: decide. Pure.
create or replace function meshhook_engine.met(p_node meshhook_engine.node, p_event meshhook_engine.fact, p_at timestamptz) returns jsonb
language plpgsql immutable as $$
begin
  if p_event.type = 'timer.fired' then
    if 'timeout' = any (p_node.next_ports) then
      return jsonb_build_object('port', 'timeout', 'output', jsonb_build_object('woke_at', meshhook_engine.iso(p_at)));
    end if;
    return jsonb_build_object('error', jsonb_build_object('code', 'MH_WAIT_TIMEOUT', 'message', case
      when p_node.spec ? 'approval' then 'Nobody approved or rejected in time.'
      else format('Signal %s did not come in time.', p_node.spec ->> 'signal') end, 'step', p_event.step));
  elsif p_event.type = 'child.finished' then
    if p_event.data ? 'error' then
      return jsonb_build_object('error', p_event.data -> 'error' || jsonb_build_object('step', p_event.step));
    end if;
    return jsonb_build_object('port', 'out', 'output', p_event.data -> 'output');
  elsif p_node.spec ? 'approval' and p_event.data #> '{value,approved}' = 'false' then
    return jsonb_build_object('error', jsonb_build_object('code', 'MH_REJECTED',
      'message', format('Rejected by %s%s', p_event.data #>> '{value,by}', coalesce(': ' || (p_event.data #>> '{value,note}'), '.')),
      'step', p_event.step));
  end if;
  return jsonb_build_object('port', 'out', 'output', p_event.data -> 'value');
end $$;
