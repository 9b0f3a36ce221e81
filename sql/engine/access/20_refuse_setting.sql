-- Raises that a setting of an endpoint is wrong, and where.
-- Called by: check_verify, check_endpoint_options.
create or replace function meshhook_engine.refuse_setting(p_code text, p_path text, p_message text) returns void
language plpgsql stable as $$
begin
  raise exception using
    errcode = 'MH422',
    message = format('%s: %s', p_code, p_message),
    detail = jsonb_build_object('code', p_code, 'path', p_path)::text,
    hint = 'docs/definition.md, "Endpoints", lists what can be set.';
end $$;
