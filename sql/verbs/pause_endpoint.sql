-- Pauses an endpoint: what comes is stored and queued, and nothing is lost. A disabled one stays so.
-- Takes effect at commit, on every node. Locks: the endpoint row. Notifies nobody.
create or replace function meshhook.pause_endpoint(endpoint uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  perform meshhook_engine.require_endpoint(endpoint, 'operate');
  update meshhook.endpoints e set state = 'paused', updated_at = now() where e.id = endpoint and e.state in ('active', 'paused') and e.state <> 'paused';
end $$;
comment on function meshhook.pause_endpoint(uuid) is 'Pauses an endpoint: requests are stored and queued until it is resumed.';
