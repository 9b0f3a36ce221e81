-- Members see the variables of their projects.
alter table meshhook.vars enable row level security, force row level security;

drop policy if exists owner_all on meshhook.vars;
create policy owner_all on meshhook.vars to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.vars;
create policy engine_all on meshhook.vars to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.vars;
create policy admin_all on meshhook.vars to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.vars;
create policy user_select on meshhook.vars for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
