-- The trigger as expressions see it, from a request and its parsed body. Kept nowhere twice: the request is the record.
-- Stable, as jsonb_build_object is: declared immutable it would not be inlined. Called by: receive, recall_start, refold_request.
create or replace function meshhook_engine.trigger_of(
  p_id uuid, p_endpoint uuid, p_at text, p_method text, p_path text, p_query jsonb, p_headers jsonb, p_body jsonb)
returns jsonb
language sql stable
return jsonb_build_object(
  'method', p_method, 'path', p_path, 'query', coalesce(p_query, '{}'), 'headers', p_headers, 'body', p_body,
  'received_at', p_at, 'request_id', p_id, 'endpoint', p_endpoint);
