-- What the door must know of an endpoint before it reads a body; null when the token is unknown. In place of a token may stand
-- project/alias.
-- The door caches it for at most a second; accept looks again, in the accepting transaction.
-- Called by: the door.
create or replace function meshhook_engine.endpoint(p_token text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object(
    'id', e.id, 'project', e.project_id, 'project_slug', p.slug, 'name', e.name, 'methods', e.methods, 'max_body', e.max_body,
    'state', e.state, 'verify', meshhook_engine.resolved_verify(e.project_id, e.verify), 'cidrs', coalesce(e.options -> 'cidrs', '[]'),
    'rated', e.options ? 'rate' or coalesce(p.limits ? 'requests', false),
    'respond', coalesce(e.options -> 'respond', r.respond, '{"mode": "ack", "timeout_ms": 10000}'),
    'secrets', coalesce((
      select jsonb_agg(jsonb_build_object(
        'id', s.id, 'key', s.key_id, 'sealed', encode(s.sealed, 'base64'), 'valid_from', s.valid_from, 'valid_until', s.valid_until)
        order by s.created_at desc)
      from meshhook.endpoint_secrets s where s.endpoint_id = e.id and s.revoked_at is null), '[]'))
  from meshhook.endpoints e
  join meshhook.projects p on p.id = e.project_id
  left join lateral (
    select v.compiled -> 'respond' as respond
    from meshhook.endpoint_workflows ew
    join meshhook.workflows w on w.id = ew.workflow_id
    join meshhook.workflow_versions v on v.workflow_id = w.id and v.version = w.live_version
    where ew.endpoint_id = e.id
    order by ew.is_primary desc, ew.workflow_id
    limit 1
  ) r on true
  where e.id = case when position('/' in p_token) = 0
    then (select t.id from meshhook.endpoints t where t.token = p_token)
    else (select a.id from meshhook.endpoints a join meshhook.projects ap on ap.id = a.project_id
          where ap.slug = split_part(p_token, '/', 1) and a.alias = split_part(p_token, '/', 2)) end;
$$;
