-- Opens a paused endpoint again; what was queued is taken in by the next wake, oldest first. A disabled one stays so.
-- Takes effect at commit, on every node. Locks: the endpoint row. Notifies nobody.
create or replace function meshhook.resume_endpoint(endpoint uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  perform meshhook_engine.require_endpoint(endpoint, 'operate');
  update meshhook.endpoints e set state = 'active', resumed_at = now(), updated_at = now() where e.id = endpoint and e.state in ('active', 'paused') and e.state <> 'active';
end $$;
comment on function meshhook.resume_endpoint(uuid) is 'Opens a paused endpoint again; what was queued meanwhile is taken in, oldest first.';
