-- http_call: the request as it will be sent, secrets as references. Its hash lets verify and a reader tell two requests apart.
-- The idempotency key is the same over retries and crashes; a deliberate rerun is another run and so gets another.
create or replace function meshhook_engine.node_http_call(p_node jsonb, p_root jsonb, p_run jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_url     jsonb := meshhook_expr.render(p_node #> '{request,url}', p_root);
  v_request jsonb := meshhook_expr.render(p_node #> '{request,rest}', p_root);
  v_secrets jsonb;
  v_more    jsonb;
begin
  if jsonb_typeof(v_url) <> 'string' or v_url #>> '{}' !~* '^https?://[^/?#]' then
    raise exception using
      errcode = 'MH422',
      message = format('MH_CALL_URL: %s is not an http or https address', left(v_url #>> '{}', 200)),
      detail = '{"code": "MH_CALL_URL"}', hint = 'Give a url such as https://api.example/orders.';
  end if;
  v_request := v_request || jsonb_build_object(
    'url', v_url,
    'method', upper(coalesce(v_request ->> 'method', 'GET')),
    'idempotency_key', coalesce(v_request ->> 'idempotency_key', 'mh_' || (p_run ->> 'id') || '_' || (p_node ->> 'id')));
  if p_node ->> 'secret' = 'true' then
    v_secrets := meshhook_expr.render_secrets(p_node #> '{request,rest}', p_root);
    v_more := meshhook_expr.render_secrets(p_node #> '{request,url}', p_root);
    if v_more is not null then
      v_secrets := coalesce(v_secrets, '[]') || jsonb_build_object('path', jsonb_build_array('url'), 'parts', v_more #> '{0,parts}');
    end if;
    v_request := v_request || jsonb_build_object('secrets', coalesce(v_secrets, '[]'));
  end if;
  return v_request || jsonb_build_object('hash', encode(substring(sha256(jsonb_send(v_request)) from 1 for 16), 'hex'));
end $$;
