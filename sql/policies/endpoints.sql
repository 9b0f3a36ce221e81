-- Members see their projects' endpoints; no grant lets them read the tokens.
alter table meshhook.endpoints enable row level security, force row level security;

drop policy if exists owner_all on meshhook.endpoints;
create policy owner_all on meshhook.endpoints to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.endpoints;
create policy engine_all on meshhook.endpoints to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.endpoints;
create policy admin_all on meshhook.endpoints to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.endpoints;
create policy user_select on meshhook.endpoints for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
