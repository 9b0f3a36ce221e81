-- Members see everybody's presets and their projects'; editors write those of their projects, operators all.
alter table meshhook.verify_presets enable row level security, force row level security;

drop policy if exists owner_all on meshhook.verify_presets;
create policy owner_all on meshhook.verify_presets to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.verify_presets;
create policy engine_all on meshhook.verify_presets to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.verify_presets;
create policy admin_all on meshhook.verify_presets to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.verify_presets;
create policy user_select on meshhook.verify_presets for select to meshhook_user
  using (project_id is null or project_id = any ((select meshhook_engine.my_projects())::int[]));

drop policy if exists user_insert on meshhook.verify_presets;
create policy user_insert on meshhook.verify_presets for insert to meshhook_user
  with check (project_id = any ((select meshhook_engine.my_projects('edit'))::int[]));

drop policy if exists user_update on meshhook.verify_presets;
create policy user_update on meshhook.verify_presets for update to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects('edit'))::int[]))
  with check (project_id = any ((select meshhook_engine.my_projects('edit'))::int[]));

drop policy if exists user_delete on meshhook.verify_presets;
create policy user_delete on meshhook.verify_presets for delete to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects('edit'))::int[]));
