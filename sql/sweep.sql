-- Functions that no file makes any more go: one whose arguments changed would otherwise stay beside its successor and make
-- calls ambiguous. What this transaction has made or replaced carries its id; whatever else lives in these schemas is a
-- leftover. Nothing of a user's is kept here, and nothing kept depends on a leftover, or the drop fails and so does all.
-- Applied after all folders, as the login; all files are applied in one transaction or none is.
do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid from pg_catalog.pg_proc p
    where p.pronamespace in ('meshhook'::regnamespace, 'meshhook_expr'::regnamespace, 'meshhook_engine'::regnamespace)
      and p.xmin <> pg_catalog.pg_current_xact_id()::xid
      and not exists (  -- an extension somebody put here is theirs
        select from pg_catalog.pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  loop
    execute format('drop function %s', v_function);
  end loop;
end $$;
