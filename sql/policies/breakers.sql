-- Members see those of their projects.
alter table meshhook.breakers enable row level security, force row level security;

drop policy if exists owner_all on meshhook.breakers;
create policy owner_all on meshhook.breakers to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.breakers;
create policy engine_all on meshhook.breakers to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.breakers;
create policy admin_all on meshhook.breakers to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.breakers;
create policy user_select on meshhook.breakers for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
