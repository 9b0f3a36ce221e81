-- Raises that a body is not the multipart form it claims to be. Called by: parse_multipart.
create or replace function meshhook_engine.refuse_multipart(p_type text, p_message text) returns void
language plpgsql stable as $$
begin
  raise exception using
    errcode = 'MH400', message = 'MH_BODY_MULTIPART: the body claims to be a multipart form but is not: ' || p_message,
    detail = jsonb_build_object('code', 'MH_BODY_MULTIPART', 'content_type', p_type)::text,
    hint = 'The bytes are kept with the request. Correct the sender, or its Content-Type.';
end $$;
