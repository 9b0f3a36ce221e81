-- Members of a project see who else is.
alter table meshhook.members enable row level security, force row level security;

drop policy if exists owner_all on meshhook.members;
create policy owner_all on meshhook.members to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.members;
create policy engine_all on meshhook.members to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.members;
create policy admin_all on meshhook.members to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.members;
create policy user_select on meshhook.members for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
