-- respond: what a caller that waits is told: {status, headers, body}. Header values come out of data, so they are looked at
-- again: no line break or other control character passes.
-- Called by: decide.
create or replace function meshhook_engine.node_respond(p_node jsonb, p_root jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_answer jsonb := meshhook_expr.render(p_node -> 'answer', p_root);
  v_status jsonb := v_answer -> 'status';
  v_bad    text;
begin
  if coalesce(v_status #>> '{}' !~ '^[2-5][0-9][0-9]$', true) then
    raise exception using
      errcode = 'MH422',
      message = format('MH_RESPOND_STATUS: %s is no status from 200 to 599', meshhook_engine.quote(v_status)),
      detail = '{"code": "MH_RESPOND_STATUS", "path": "/status"}', hint = 'Give a number such as 200, or a template that gives one.';
  end if;
  v_bad := (
    select min(key) from jsonb_each(v_answer -> 'headers')
    where jsonb_typeof(value) not in ('string', 'number', 'boolean') or value #>> '{}' ~ '[\x01-\x08\x0a-\x1f\x7f]' or octet_length(value #>> '{}') > 8192);
  if v_bad is not null then
    raise exception using
      errcode = 'MH422',
      message = format('MH_RESPOND_HEADER: the value of header %s is no string of at most 8192 bytes without control characters', v_bad),
      detail = jsonb_build_object('code', 'MH_RESPOND_HEADER', 'path', meshhook_engine.pointer('/headers', v_bad))::text,
      hint = 'A header is one line of text.';
  end if;
  return jsonb_build_object(
    'status', (v_status #>> '{}')::int,
    'headers', (select coalesce(jsonb_object_agg(lower(key), value #>> '{}'), '{}') from jsonb_each(v_answer -> 'headers')),
    'body', coalesce(v_answer -> 'body', 'null'));
end $$;
