-- Opens a disabled endpoint again, and a paused one too: what was queued is then taken in.
-- Takes effect at commit, on every node within a second. Locks: the endpoint row. Notifies nobody.
create or replace function meshhook.enable_endpoint(endpoint uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
begin
  perform meshhook_engine.require_endpoint(endpoint, 'edit');
  update meshhook.endpoints e set state = 'active', resumed_at = now(), updated_at = now() where e.id = endpoint and e.state <> 'active';
end $$;
comment on function meshhook.enable_endpoint(uuid) is 'Opens a disabled endpoint again.';
