-- Members see the schedules of their projects.
alter table meshhook.schedules enable row level security, force row level security;

drop policy if exists owner_all on meshhook.schedules;
create policy owner_all on meshhook.schedules to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.schedules;
create policy engine_all on meshhook.schedules to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.schedules;
create policy admin_all on meshhook.schedules to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.schedules;
create policy user_select on meshhook.schedules for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
