-- Servers and workers alive: for operators.
alter table meshhook.processes enable row level security, force row level security;

drop policy if exists owner_all on meshhook.processes;
create policy owner_all on meshhook.processes to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.processes;
create policy engine_all on meshhook.processes to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.processes;
create policy admin_all on meshhook.processes to meshhook_admin using (true) with check (true);
