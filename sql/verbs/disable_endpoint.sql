-- Closes an endpoint for good until it is enabled: whoever sends is told 410 and nothing is stored.
-- Takes effect at commit, on every node within a second. Locks: the endpoint row. Notifies nobody.
create or replace function meshhook.disable_endpoint(endpoint uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  perform meshhook_engine.require_endpoint(endpoint, 'edit');
  update meshhook.endpoints e set state = 'disabled', updated_at = now() where e.id = endpoint and e.state <> 'disabled';
end $$;
comment on function meshhook.disable_endpoint(uuid) is 'Closes an endpoint: 410 for whoever sends, nothing is stored.';
