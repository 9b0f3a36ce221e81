-- Writes down that somebody did something. Who, from where and as what is read here, so that no caller can say otherwise.
-- p_target is a name or a run's id; p_detail never holds a secret's value.
-- Takes no lock on existing rows. Notifies nobody.
-- Called by: verbs that steer (configuration tables are watched by triggers, triggers/audit.sql).
create or replace function meshhook_engine.audit(p_project int, p_action text, p_target text, p_detail jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into meshhook.audit_log (at, project_id, project, actor, login, role, client, action, target, detail)
  values (
    meshhook_engine.clock(), p_project, (select p.slug from meshhook.projects p where p.id = p_project),
    meshhook.principal(), session_user, coalesce(nullif(current_setting('role', true), 'none'), session_user), inet_client_addr(),
    p_action, p_target, coalesce(p_detail, '{}'));
end $$;
