-- Raises that a verb makes no sense for a run as it stands. Called by: the verbs that steer.
create or replace function meshhook_engine.refuse_steering(p_run meshhook.runs, p_code text, p_message text, p_hint text) returns void
language plpgsql stable as $$
begin
  raise exception using
    errcode = 'MH409', message = format('%s: %s', p_code, p_message),
    detail = jsonb_build_object('code', p_code, 'run', p_run.id, 'status', p_run.status)::text,
    hint = p_hint;
end $$;
