-- Members see which secrets there are; no grant lets them read the sealed values.
alter table meshhook.secrets enable row level security, force row level security;

drop policy if exists owner_all on meshhook.secrets;
create policy owner_all on meshhook.secrets to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.secrets;
create policy engine_all on meshhook.secrets to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.secrets;
create policy admin_all on meshhook.secrets to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.secrets;
create policy user_select on meshhook.secrets for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
