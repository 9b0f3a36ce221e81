-- Members find the requests of their projects.
alter table meshhook.request_terms enable row level security, force row level security;

drop policy if exists owner_all on meshhook.request_terms;
create policy owner_all on meshhook.request_terms to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.request_terms;
create policy engine_all on meshhook.request_terms to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.request_terms;
create policy admin_all on meshhook.request_terms to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.request_terms;
create policy user_select on meshhook.request_terms for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
