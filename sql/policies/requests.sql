-- Members see what came in at their projects' endpoints.
alter table meshhook.requests enable row level security, force row level security;

drop policy if exists owner_all on meshhook.requests;
create policy owner_all on meshhook.requests to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.requests;
create policy engine_all on meshhook.requests to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.requests;
create policy admin_all on meshhook.requests to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.requests;
create policy user_select on meshhook.requests for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
