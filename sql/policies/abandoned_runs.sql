-- Members see which called runs of their projects are to be canceled.
alter table meshhook.abandoned_runs enable row level security, force row level security;

drop policy if exists owner_all on meshhook.abandoned_runs;
create policy owner_all on meshhook.abandoned_runs to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.abandoned_runs;
create policy engine_all on meshhook.abandoned_runs to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.abandoned_runs;
create policy admin_all on meshhook.abandoned_runs to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.abandoned_runs;
create policy user_select on meshhook.abandoned_runs for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
