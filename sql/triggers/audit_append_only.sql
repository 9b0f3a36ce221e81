-- The audit log is append-only: no row of it is ever changed or deleted, by nobody.
create or replace function meshhook_engine.keep_audit() returns trigger
language plpgsql as $$
begin
  raise exception using
    errcode = 'MH409',
    message = 'MH_LOG_APPEND_ONLY: meshhook.audit_log is append-only',
    detail = '{"code": "MH_LOG_APPEND_ONLY"}',
    hint = 'What was done stays written down; what was done wrong is put right by doing something else.';
end $$;

create or replace trigger audit_append_only before update or delete on meshhook.audit_log
  for each row execute function meshhook_engine.keep_audit();
create or replace trigger audit_no_truncate before truncate on meshhook.audit_log
  for each statement execute function meshhook_engine.keep_audit();
