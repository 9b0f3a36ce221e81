-- Members see those of their projects.
alter table meshhook.rate_grants enable row level security, force row level security;

drop policy if exists owner_all on meshhook.rate_grants;
create policy owner_all on meshhook.rate_grants to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.rate_grants;
create policy engine_all on meshhook.rate_grants to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.rate_grants;
create policy admin_all on meshhook.rate_grants to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.rate_grants;
create policy user_select on meshhook.rate_grants for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
