-- Members see what was done in their projects; what concerns the whole installation, or a project that is gone, is for operators.
alter table meshhook.audit_log enable row level security, force row level security;

drop policy if exists owner_all on meshhook.audit_log;
create policy owner_all on meshhook.audit_log to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.audit_log;
create policy engine_all on meshhook.audit_log to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.audit_log;
create policy admin_all on meshhook.audit_log for select to meshhook_admin using (true);

drop policy if exists user_select on meshhook.audit_log;
create policy user_select on meshhook.audit_log for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
