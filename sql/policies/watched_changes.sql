-- Members see changes that wait to be put together: their own transaction's, if any.
alter table meshhook.watched_changes enable row level security, force row level security;

drop policy if exists owner_all on meshhook.watched_changes;
create policy owner_all on meshhook.watched_changes to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.watched_changes;
create policy engine_all on meshhook.watched_changes to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.watched_changes;
create policy admin_all on meshhook.watched_changes to meshhook_admin using (true) with check (true);

drop policy if exists user_select on meshhook.watched_changes;
create policy user_select on meshhook.watched_changes for select to meshhook_user
  using (project_id = any ((select meshhook_engine.my_projects())::int[]));
