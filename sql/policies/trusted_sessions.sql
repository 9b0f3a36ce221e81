-- Which logins may speak for others: for operators.
alter table meshhook.trusted_sessions enable row level security, force row level security;

drop policy if exists owner_all on meshhook.trusted_sessions;
create policy owner_all on meshhook.trusted_sessions to meshhook_owner using (true) with check (true);

drop policy if exists engine_all on meshhook.trusted_sessions;
create policy engine_all on meshhook.trusted_sessions to meshhook_engine using (true) with check (true);

drop policy if exists admin_all on meshhook.trusted_sessions;
create policy admin_all on meshhook.trusted_sessions to meshhook_admin using (true) with check (true);
