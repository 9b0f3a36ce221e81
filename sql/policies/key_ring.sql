-- Wrapped data keys: for the engine alone, and for operators who look after them.
alter table meshhook.key_ring enable row level security, force row level security;

drop policy if exists owner_all on meshhook.key_ring;
create policy owner_all on meshhook.key_ring to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.key_ring;
create policy engine_all on meshhook.key_ring to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.key_ring;
create policy admin_all on meshhook.key_ring to meshhook_admin using (true) with check (true);
