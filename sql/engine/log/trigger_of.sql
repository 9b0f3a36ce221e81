-- The trigger as expressions see it, from a request row. Kept nowhere twice: the request is the record.
-- Raises MH400 when the body is not what its content type says.
-- Called by: accept, recall, refold.
create or replace function meshhook_engine.trigger_of(
  p_id uuid, p_endpoint uuid, p_at timestamptz, p_method text, p_path text, p_query jsonb, p_headers jsonb, p_body bytea)
returns jsonb
language plpgsql immutable as $$
begin
  return jsonb_build_object(
    'method', p_method, 'path', p_path, 'query', coalesce(p_query, '{}'), 'headers', p_headers,
    'body', meshhook_engine.parse_body(p_headers ->> 'content-type', p_body),
    'received_at', meshhook_engine.iso(p_at), 'request_id', p_id, 'endpoint', p_endpoint);
end $$;
