-- {"trigger"}, or {"error"} when the body is not what it claims to be: a bad request never fails its neighbours.
-- Called by: receive.
create or replace function meshhook_engine.try_trigger(
  p_id uuid, p_endpoint uuid, p_at timestamptz, p_method text, p_path text, p_query jsonb, p_headers jsonb, p_body bytea)
returns jsonb
language plpgsql immutable as $$
declare
  v_state   text;
  v_message text;
  v_detail  text;
begin
  return jsonb_build_object('trigger', meshhook_engine.trigger_of(p_id, p_endpoint, p_at, p_method, p_path, p_query, p_headers, p_body));
exception
  when others then
    get stacked diagnostics v_state = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail;
    return jsonb_build_object('error', meshhook_engine.trouble(v_state, v_message, v_detail));
end $$;
