-- Members see their projects.
alter table meshhook.projects enable row level security, force row level security;

drop policy if exists owner_all on meshhook.projects;
create policy owner_all on meshhook.projects to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.projects;
create policy engine_all on meshhook.projects to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.projects;
create policy admin_all on meshhook.projects to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.projects;
create policy user_select on meshhook.projects for select to meshhook_user
  using (id = any ((select meshhook_engine.my_projects())::int[]));
