-- Members see those of their projects.
alter table meshhook.open_runs enable row level security, force row level security;

drop policy if exists owner_all on meshhook.open_runs;
create policy owner_all on meshhook.open_runs to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.open_runs;
create policy engine_all on meshhook.open_runs to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.open_runs;
create policy admin_all on meshhook.open_runs to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.open_runs;
create policy user_select on meshhook.open_runs for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
