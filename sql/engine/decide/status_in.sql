-- Whether an HTTP status is in a list such as ["2xx", "304"].
create or replace function meshhook_engine.status_in(p_status int, p_list jsonb) returns boolean
language plpgsql immutable as $$
begin
  return p_list ? p_status::text or p_list ? ((p_status / 100) || 'xx');
end $$;
