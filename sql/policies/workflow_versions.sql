-- Members see the versions of their projects' workflows.
alter table meshhook.workflow_versions enable row level security, force row level security;

drop policy if exists owner_all on meshhook.workflow_versions;
create policy owner_all on meshhook.workflow_versions to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.workflow_versions;
create policy engine_all on meshhook.workflow_versions to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.workflow_versions;
create policy admin_all on meshhook.workflow_versions to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.workflow_versions;
create policy user_select on meshhook.workflow_versions for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
