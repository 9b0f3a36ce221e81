-- Members see the signals that are kept for their projects.
alter table meshhook.signals enable row level security, force row level security;

drop policy if exists owner_all on meshhook.signals;
create policy owner_all on meshhook.signals to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.signals;
create policy engine_all on meshhook.signals to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.signals;
create policy admin_all on meshhook.signals to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.signals;
create policy user_select on meshhook.signals for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
