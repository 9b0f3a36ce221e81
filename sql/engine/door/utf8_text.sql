-- The bytes as text, or a clear MH400 when they are not UTF-8 or hold a NUL.
-- Called by: parse_body.
create or replace function meshhook_engine.utf8_text(p_body bytea, p_type text) returns text
language plpgsql immutable as $$
begin
  return convert_from(p_body, 'UTF8');
exception
  when others then
    raise exception using
      errcode = 'MH400',
      message = format('MH_BODY_ENCODING: the body claims to be %s but is not valid UTF-8', p_type),
      detail = jsonb_build_object('code', 'MH_BODY_ENCODING', 'content_type', p_type)::text,
      hint = 'The bytes are kept with the request. Correct the sender, or its Content-Type.';
end $$;
