-- The structured error of a step, out of a caught SQL error: code, message, and the position or path that the detail names.
-- Errors raised on purpose carry their code in front of the message; the few that PostgreSQL raises by itself get one.
-- Called by: decide, try_body.
create or replace function meshhook_engine.trouble(p_sqlstate text, p_message text, p_detail text) returns jsonb
language plpgsql immutable as $$
declare
  v_error jsonb;
begin
  if p_message ~ '^MH_[A-Z0-9_]+: ' then
    v_error := jsonb_build_object('code', split_part(p_message, ':', 1), 'message', substr(p_message, position(': ' in p_message) + 2));
    begin
      return (p_detail::jsonb - 'code' - 'message') || v_error;
    exception
      when others then
        return v_error;  -- a detail that is no JSON object adds nothing
    end;
  end if;
  return jsonb_build_object(
    'code', case
      when p_sqlstate in ('54001', '54000', '53200') then 'MH_EXPR_LIMIT'
      when p_sqlstate like '22%' then 'MH_EXPR_VALUE'
      else 'MH_INTERNAL' end,
    'message', p_message, 'sqlstate', p_sqlstate);
end $$;
