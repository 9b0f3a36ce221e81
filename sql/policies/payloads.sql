-- Members see the large bodies of their projects' runs.
alter table meshhook.payloads enable row level security, force row level security;

drop policy if exists owner_all on meshhook.payloads;
create policy owner_all on meshhook.payloads to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.payloads;
create policy engine_all on meshhook.payloads to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.payloads;
create policy admin_all on meshhook.payloads to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.payloads;
create policy user_select on meshhook.payloads for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
