-- Members see which approval links of their projects were made and used; the hash of the token is no column they read (grants.sql).
alter table meshhook.approval_links enable row level security, force row level security;

drop policy if exists owner_all on meshhook.approval_links;
create policy owner_all on meshhook.approval_links to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.approval_links;
create policy engine_all on meshhook.approval_links to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.approval_links;
create policy admin_all on meshhook.approval_links to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.approval_links;
create policy user_select on meshhook.approval_links for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
