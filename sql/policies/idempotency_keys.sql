-- Members see the keys given to meshhook.start in their projects.
alter table meshhook.idempotency_keys enable row level security, force row level security;

drop policy if exists owner_all on meshhook.idempotency_keys;
create policy owner_all on meshhook.idempotency_keys to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.idempotency_keys;
create policy engine_all on meshhook.idempotency_keys to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.idempotency_keys;
create policy admin_all on meshhook.idempotency_keys to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.idempotency_keys;
create policy user_select on meshhook.idempotency_keys for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
