-- Bookkeeping of the installation: for operators.
alter table meshhook.repeatables enable row level security, force row level security;

drop policy if exists owner_all on meshhook.repeatables;
create policy owner_all on meshhook.repeatables to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.repeatables;
create policy engine_all on meshhook.repeatables to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.repeatables;
create policy admin_all on meshhook.repeatables to meshhook_admin using (true) with check (true);
