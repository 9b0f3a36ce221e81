-- Members see the log of their projects' runs.
alter table meshhook.events enable row level security, force row level security;

drop policy if exists owner_all on meshhook.events;
create policy owner_all on meshhook.events to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.events;
create policy engine_all on meshhook.events to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.events;
create policy admin_all on meshhook.events to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.events;
create policy user_select on meshhook.events for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
