-- What somebody who opens an approval link is shown: {state, title, workflow, project, run, step, approved}; see approval_state.
-- Reads only: opening a link decides nothing. Called by: the server.
create or replace function meshhook_engine.approval(p_token text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_link meshhook.approval_links;
  v_run  meshhook.runs;
begin
  select * into v_link from meshhook.approval_links l where l.token_sha256 = sha256(convert_to(coalesce(p_token, ''), 'UTF8'));
  if v_link.token_sha256 is null then
    return '{"state": "unknown"}';
  end if;
  select * into v_run from meshhook.runs r where r.id = v_link.run_id;
  return jsonb_build_object(
    'state', meshhook_engine.approval_state(v_link, v_run, meshhook_engine.clock()), 'run', v_link.run_id, 'step', v_link.step, 'approved', v_link.approved,
    'title', (select f.data #> '{approval,title}' from meshhook_engine.facts(v_link.run_id, array[v_link.seq]) f),
    'workflow', (select coalesce(w.title, w.name) from meshhook.workflows w where w.id = v_run.workflow_id),
    'project', (select coalesce(p.name, p.slug) from meshhook.projects p where p.id = v_link.project_id));
end $$;
