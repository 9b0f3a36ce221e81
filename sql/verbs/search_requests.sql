-- Finds requests of a project, the newest first. terms: {"body.order.id": "7", "headers.x-github-event": "push", "verdict":
-- "rejected", "cause": "MH_...", "endpoint": "orders"}; a value is compared as text.
-- A path that an endpoint has in its option search is looked up in an index, whatever the number of requests. Any other path is
-- read out of the bytes of each request from since on (a day back unless told otherwise), which takes its time.
-- Reads only. Plans are made for the values at hand, because partitions are told apart by them.
create or replace function meshhook.search_requests(
  project text, terms jsonb default '{}', since timestamptz default null, until timestamptz default null, most int default 100)
returns table (id uuid, received_at timestamptz, endpoint text, verdict text, cause text, message text, method text, bytes int, remote text, run_ids uuid[])
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
  v_found    uuid[];
  v_project  int := meshhook_engine.require(project, 'view');
  v_paths    text[];
  v_indexed  text;
  v_endpoint uuid;
  v_from     uuid;
  v_to       uuid := meshhook_engine.uuid_floor(coalesce(until, clock_timestamp() + interval '1 day'));
  v_bad      text;
begin
  if jsonb_typeof(terms) is distinct from 'object' then
    perform meshhook_engine.refuse_search('', 'terms are an object, such as {"body.id": "7"}');
  end if;
  select k into v_bad from jsonb_object_keys(terms) k
  where k not in ('verdict', 'cause', 'endpoint', 'method', 'remote') and k !~ '^(body|headers|query)(\.[^.]+)+$' limit 1;
  if v_bad is not null then
    perform meshhook_engine.refuse_search(v_bad, format('%L is nothing to search by; there are verdict, cause, endpoint, method, remote, and paths such as body.order.id', left(v_bad, 100)));
  elsif terms ? 'verdict' and terms ->> 'verdict' not in ('accepted', 'rejected', 'ignored', 'duplicate', 'queued', 'invalid') then
    perform meshhook_engine.refuse_search('verdict', format('%L is no verdict', terms ->> 'verdict'));
  end if;
  v_paths := array(select k from jsonb_object_keys(terms) k where k like '%.%');
  if terms ? 'endpoint' then
    select e.id into v_endpoint from meshhook.endpoints e where e.project_id = v_project and e.name = terms ->> 'endpoint';
    if v_endpoint is null then
      perform meshhook_engine.refuse_search('endpoint', format('the project has no endpoint named %L', terms ->> 'endpoint'));
    end if;
  end if;
  select p into v_indexed from unnest(v_paths) p
  where exists (select from meshhook.endpoints e where e.project_id = v_project and e.options -> 'search' ? p) limit 1;
  v_from := meshhook_engine.uuid_floor(coalesce(since, case when v_paths = '{}' or v_indexed is not null then '2020-01-01' else clock_timestamp() - interval '1 day' end));

  if v_indexed is not null then
    v_found := array(
      select t.request_id from meshhook.request_terms t
      where t.project_id = v_project and t.path = v_indexed and t.value = left(terms ->> v_indexed, 200) and t.request_id >= v_from and t.request_id < v_to
        and meshhook_engine.request_meets(t.request_id, v_endpoint, terms)
      order by t.request_id desc limit most);
  elsif terms ? 'verdict' and terms ->> 'verdict' <> 'accepted' then
    v_found := array(
      select q.id from meshhook.requests q
      where q.project_id = v_project and q.verdict = (terms ->> 'verdict')::meshhook.verdict and q.verdict <> 'accepted' and q.id >= v_from and q.id < v_to
        and meshhook_engine.request_meets(q.id, v_endpoint, terms)
      order by q.id desc limit most);
  else
    v_found := array(
      select q.id from meshhook.requests q
      where q.project_id = v_project and q.id >= v_from and q.id < v_to and meshhook_engine.request_meets(q.id, v_endpoint, terms)
      order by q.id desc limit most);
  end if;
  return query
    select q.id, q.received_at, e.name, q.verdict::text, q.cause, q.message, q.method, octet_length(q.body), q.remote, q.run_ids
    from unnest(v_found) with ordinality f(id, n)
    cross join lateral (select k.* from meshhook.requests k where k.id = f.id) q
    left join meshhook.endpoints e on e.id = q.endpoint_id
    order by f.n;
end $$;
comment on function meshhook.search_requests(text, jsonb, timestamptz, timestamptz, int) is
  'Finds requests, the newest first: by verdict, cause, endpoint, method, remote, and by values at paths such as body.order.id; paths in an endpoint''s option search are indexed.';
