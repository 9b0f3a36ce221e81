-- Sets a project variable, or takes it away (SQL null). Runs that start later see it. Locks: its row. Notifies nobody.
create or replace function meshhook.set_var(project text, name text, value jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require(project, 'edit');
begin
  if set_var.name is null or set_var.name !~ '^[a-zA-Z_][a-zA-Z0-9_]{0,62}$' then
    raise exception using
      errcode = 'MH400',
      message = format('MH_VAR_NAME: %s is no name for a variable', coalesce(quote_literal(left(set_var.name, 100)), 'null')),
      detail = '{"code": "MH_VAR_NAME"}',
      hint = 'Letters, digits and _, 63 at most, no digit first.';
  end if;
  if octet_length(set_var.value::text) > 65536 then
    raise exception using
      errcode = 'MH400',
      message = format('MH_VAR_TOO_LARGE: %s bytes, at most 65536 are allowed', octet_length(set_var.value::text)),
      detail = '{"code": "MH_VAR_TOO_LARGE"}',
      hint = 'Variables are copied into every run that reads them; keep them small.';
  end if;
  if set_var.value is null then
    delete from meshhook.vars v where v.project_id = v_project and v.name = set_var.name;
    return;
  end if;
  insert into meshhook.vars (project_id, name, value) values (v_project, set_var.name, set_var.value)
  on conflict (project_id, name) do update set value = excluded.value, updated_at = now();
end $$;
comment on function meshhook.set_var(text, text, jsonb) is
  'Sets a project variable (vars.<name> in expressions); null takes it away. Not for secrets.';
