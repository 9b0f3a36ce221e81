-- Whether a stored request is what search_requests looks for. Its body is parsed only when a term asks for it; one that does not
-- parse has no values. Called by: search_requests.
create or replace function meshhook_engine.request_meets(p_request uuid, p_endpoint uuid, p_terms jsonb) returns boolean
language plpgsql stable as $$
declare
  q      meshhook.requests;
  v_root jsonb := '{}';
begin
  if p_endpoint is null and p_terms = '{}' then
    return true;
  end if;
  select k.* into q from meshhook.requests k where k.id = p_request;
  if q.endpoint_id <> p_endpoint or q.verdict::text <> p_terms ->> 'verdict' or q.method <> p_terms ->> 'method'
     or p_terms ? 'cause' and q.cause is distinct from p_terms ->> 'cause' or p_terms ? 'remote' and q.remote is distinct from p_terms ->> 'remote' then
    return false;
  elsif not exists (select from jsonb_object_keys(p_terms) k where k like '%.%') then
    return true;
  end if;
  v_root := jsonb_build_object('headers', q.headers, 'query', coalesce(q.query, '{}'));
  if exists (select from jsonb_object_keys(p_terms) k where k like 'body.%') then
    v_root := v_root || jsonb_build_object('body', meshhook_engine.try_body(q.headers ->> 'content-type', q.body) -> 'body');
  end if;
  return not exists (
    select from jsonb_each_text(p_terms) t
    where t.key like '%.%' and left(v_root #>> string_to_array(t.key, '.'), 200) is distinct from left(t.value, 200));
end $$;
