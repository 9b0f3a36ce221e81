-- Which migrations were applied: for whoever migrates, and for operators. The table is the migration tool's own.
do $$
begin
  if to_regclass('meshhook.goose_db_version') is null then
    return;
  end if;
  alter table meshhook.goose_db_version enable row level security, force row level security;

  drop policy if exists owner_all on meshhook.goose_db_version;
  create policy owner_all on meshhook.goose_db_version to meshhook_owner using (true) with check (true);

  drop policy if exists engine_all on meshhook.goose_db_version;
  create policy engine_all on meshhook.goose_db_version to meshhook_engine using (true) with check (true);

  drop policy if exists admin_all on meshhook.goose_db_version;
  create policy admin_all on meshhook.goose_db_version to meshhook_admin using (true) with check (true);
end $$;
