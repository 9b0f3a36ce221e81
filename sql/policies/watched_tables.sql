-- Members see which tables are watched for their projects.
alter table meshhook.watched_tables enable row level security, force row level security;

drop policy if exists owner_all on meshhook.watched_tables;
create policy owner_all on meshhook.watched_tables to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.watched_tables;
create policy engine_all on meshhook.watched_tables to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.watched_tables;
create policy admin_all on meshhook.watched_tables to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.watched_tables;
create policy user_select on meshhook.watched_tables for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
