-- Members see which endpoint starts what.
alter table meshhook.endpoint_workflows enable row level security, force row level security;

drop policy if exists owner_all on meshhook.endpoint_workflows;
create policy owner_all on meshhook.endpoint_workflows to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.endpoint_workflows;
create policy engine_all on meshhook.endpoint_workflows to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.endpoint_workflows;
create policy admin_all on meshhook.endpoint_workflows to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.endpoint_workflows;
create policy user_select on meshhook.endpoint_workflows for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
