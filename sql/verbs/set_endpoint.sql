-- Changes settings of an endpoint: those that are given, the others stay; null takes a setting away (back to its default).
-- Takes effect at commit, on every node within a second. Locks: the endpoint row. Notifies nobody.
create or replace function meshhook.set_endpoint(endpoint uuid, options jsonb, verify jsonb default null) returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require_endpoint(endpoint, 'edit');
  v_given   jsonb := case jsonb_typeof(options) when 'object' then jsonb_strip_nulls(options) else options end;
  v_now     jsonb := meshhook_engine.check_endpoint_options(v_given);
  v_keys    text[] := array(select jsonb_object_keys(options));
  v_verify  jsonb := case when verify is not null then meshhook_engine.check_verify(verify, v_project) end;
begin
  if options ? 'name' and not v_given ? 'name' then
    perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', '/name', 'an endpoint has a name');
  end if;
  perform meshhook_engine.refuse_taken(v_project, endpoint, v_given ->> 'name', v_given ->> 'alias');
  update meshhook.endpoints e set
    name = coalesce(v_given ->> 'name', e.name),
    alias = case when 'alias' = any (v_keys) then v_given ->> 'alias' else e.alias end,
    methods = case when 'methods' = any (v_keys) then array(select distinct m from jsonb_array_elements_text(v_now -> 'methods') m) else e.methods end,
    max_body = case when 'max_body' = any (v_keys) then (v_now -> 'max_body')::int else e.max_body end,
    options = (e.options - v_keys) || (select coalesce(jsonb_object_agg(k, v_now -> k), '{}')
                                       from jsonb_object_keys(v_given) k where k not in ('name', 'alias', 'methods', 'max_body')),
    verify = coalesce(v_verify, e.verify),
    updated_at = now()
  where e.id = endpoint;
end $$;
comment on function meshhook.set_endpoint(uuid, jsonb, jsonb) is
  'Changes settings of an endpoint: name, alias, methods, max_body, respond, filter, dedupe, cidrs, search, rate; null takes one away. verify replaces how it verifies.';
