-- A request by id for somebody who may use it so (view, operate): MH404 when it is not there or not theirs, which look the same.
-- Takes no lock. Called by: explain_request, reevaluate, replay_request.
create or replace function meshhook_engine.request_for(p_request uuid, p_right text) returns meshhook.requests
language plpgsql stable as $$
declare
  v_request meshhook.requests;
begin
  select * into v_request from meshhook.requests q where q.id = p_request;
  if v_request.id is null or not v_request.project_id = any (meshhook_engine.my_projects('view')) then
    raise exception using
      errcode = 'MH404', message = format('MH_REQUEST_UNKNOWN: there is no request %s', coalesce(p_request::text, 'null')),
      detail = jsonb_build_object('code', 'MH_REQUEST_UNKNOWN', 'request', p_request)::text,
      hint = 'List the requests you can see with: select id, verdict, cause from meshhook.request_log';
  end if;
  if not v_request.project_id = any (meshhook_engine.my_projects(p_right)) then
    raise exception using
      errcode = 'MH403', message = format('MH_FORBIDDEN: %s may not %s requests of this project', meshhook.principal(), p_right),
      detail = jsonb_build_object('code', 'MH_FORBIDDEN', 'right', p_right)::text,
      hint = 'Ask an owner of the project for a role that may.';
  end if;
  return v_request;
end $$;
