-- Members see what was refused at the endpoints of their projects.
alter table meshhook.rejections enable row level security, force row level security;

drop policy if exists owner_all on meshhook.rejections;
create policy owner_all on meshhook.rejections to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.rejections;
create policy engine_all on meshhook.rejections to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.rejections;
create policy admin_all on meshhook.rejections to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.rejections;
create policy user_select on meshhook.rejections for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
