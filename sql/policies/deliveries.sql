-- Members see which deliveries of their projects were seen.
alter table meshhook.deliveries enable row level security, force row level security;

drop policy if exists owner_all on meshhook.deliveries;
create policy owner_all on meshhook.deliveries to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.deliveries;
create policy engine_all on meshhook.deliveries to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.deliveries;
create policy admin_all on meshhook.deliveries to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.deliveries;
create policy user_select on meshhook.deliveries for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
