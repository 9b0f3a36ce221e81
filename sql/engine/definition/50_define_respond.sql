-- respond: checks and compiles its `with`, which may be left out: 200 with no body. Besides the headers of the transport, those
-- that speak for the whole host, not for one answer, cannot be set: other pages may live there.
-- Called by: define_node.
create or replace function meshhook_engine.define_respond(
  p_with jsonb, p_path text, p_node text,
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_read record;
begin
  ports := '["out"]';
  uses := '[]';
  problems := meshhook_engine.check_fields(p_with, '{"status": {"is": "any"}, "headers": {"is": "object"}, "body": {"is": "any"}}', p_path, p_node);
  if jsonb_typeof(p_with) <> 'object' then
    return;
  end if;
  if p_with ? 'status' and not coalesce(strpos(p_with ->> 'status', '{{') > 0 and jsonb_typeof(p_with -> 'status') = 'string', false) then
    problems := problems || meshhook_engine.check_fields(jsonb_build_object('status', p_with -> 'status'),
      '{"status": {"is": "int", "min": 200, "max": 599}}', p_path, p_node);
  end if;
  if jsonb_typeof(p_with -> 'headers') = 'object' then
    problems := problems || meshhook_engine.check_headers(p_with -> 'headers', p_path || '/headers', p_node) || array(
      select meshhook_engine.problem('MH_DEF_HEADER', meshhook_engine.pointer(p_path || '/headers', name), p_node,
        format('header "%s" speaks for the whole host and cannot be set', name))
      from jsonb_object_keys(p_with -> 'headers') name
      where lower(name) in ('set-cookie', 'set-cookie2', 'strict-transport-security', 'clear-site-data', 'service-worker-allowed', 'alt-svc',
        'content-security-policy', 'x-content-type-options', 'x-meshhook-run', 'content-encoding', 'date', 'server'));
  end if;
  select * into v_read from meshhook_engine.read_template('{"status": 200, "headers": {}, "body": null}' || p_with, p_path, p_node);
  uses := uses || jsonb_build_object('path', p_path, 'refs', v_read.refs);
  problems := problems || v_read.problems;
  compiled := jsonb_build_object('answer', v_read.template);
end $$;
