-- {"body"}, or {"error"} when the bytes are not what they claim to be: a bad request never fails its neighbours.
-- Called by: receive.
create or replace function meshhook_engine.try_body(p_type text, p_body bytea) returns jsonb
language plpgsql immutable as $$
declare
  v_state   text;
  v_message text;
  v_detail  text;
begin
  -- The common case by itself: one exception block instead of two.
  if p_type = 'application/json' and octet_length(p_body) > 0 then
    begin
      return jsonb_build_object('body', convert_from(p_body, 'UTF8')::jsonb);
    exception
      when others then
        null;  -- parse_body says what is wrong with it
    end;
  end if;
  return jsonb_build_object('body', meshhook_engine.parse_body(p_type, p_body));
exception
  when others then
    get stacked diagnostics v_state = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail;
    return jsonb_build_object('error', meshhook_engine.trouble(v_state, v_message, v_detail));
end $$;
