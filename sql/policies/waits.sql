-- Members see what their projects' runs wait for.
alter table meshhook.waits enable row level security, force row level security;

drop policy if exists owner_all on meshhook.waits;
create policy owner_all on meshhook.waits to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.waits;
create policy engine_all on meshhook.waits to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.waits;
create policy admin_all on meshhook.waits to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.waits;
create policy user_select on meshhook.waits for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
