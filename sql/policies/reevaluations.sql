-- Members see which refused requests of their projects are to be verified again, and what came of it.
alter table meshhook.reevaluations enable row level security, force row level security;

drop policy if exists owner_all on meshhook.reevaluations;
create policy owner_all on meshhook.reevaluations to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.reevaluations;
create policy engine_all on meshhook.reevaluations to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.reevaluations;
create policy admin_all on meshhook.reevaluations to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.reevaluations;
create policy user_select on meshhook.reevaluations for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
