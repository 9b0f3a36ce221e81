-- wait: what the log says (data of signal.awaited), and what the frontier keeps (s: name of the signal, null for an approval;
-- k: the key; due: when the timeout is over).
-- A key is text: a number or a boolean is written out; null, an empty text, a list or an object would be somebody's mistake.
-- Called by: decide.
create or replace function meshhook_engine.node_wait(p_node jsonb, p_root jsonb, p_at timestamptz, out data jsonb, out open jsonb)
language plpgsql immutable as $$
declare
  v_key jsonb;
  v_due timestamptz;
begin
  if p_node ? 'approval' then
    data := jsonb_build_object('approval', jsonb_build_object('title', left(meshhook_expr.render(p_node -> 'approval', p_root) #>> '{}', 500)));
    open := '{"s": null}';
  else
    if p_node ? 'key' then
      v_key := meshhook_expr.eval(p_node -> 'key', p_root);
      if jsonb_typeof(v_key) not in ('string', 'number', 'boolean') or v_key = '""' or length(v_key #>> '{}') > 512 then
        raise exception using
          errcode = 'MH422', message = format('MH_WAIT_KEY: %s is no key: a text of 1 to 512 characters, a number, true or false', meshhook_engine.quote(v_key)),
          detail = '{"code": "MH_WAIT_KEY"}', hint = 'The expression of key gives what the signal must be sent with.';
      end if;
    end if;
    data := jsonb_build_object('signal', p_node -> 'signal', 'key', coalesce(v_key #>> '{}', ''));
    open := jsonb_build_object('s', p_node -> 'signal', 'k', data -> 'key');
  end if;
  if p_node ? 'timeout_ms' or p_node ? 'timeout' then
    v_due := p_at + make_interval(secs => coalesce(
      (p_node -> 'timeout_ms')::bigint, meshhook_engine.duration_ms(meshhook_expr.render(p_node -> 'timeout', p_root) #>> '{}')) / 1000.0);
    data := data || jsonb_build_object('due', (extract(epoch from v_due) * 1000)::bigint, 'until', meshhook_engine.iso(v_due));
    open := open || jsonb_build_object('due', data -> 'due');
  end if;
end $$;
