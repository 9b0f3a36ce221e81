-- Raises MH429 when a project has as many open runs as it may have. Reads only. Called by: start.
create or replace function meshhook_engine.refuse_over_cap(p_project int) returns void
language plpgsql stable as $$
begin
  if meshhook_engine.room_for_runs(p_project) <= 0 then
    raise exception using
      errcode = 'MH429', message = 'MH_OPEN_RUNS: the project has as many open runs as it may have',
      detail = '{"code": "MH_OPEN_RUNS"}',
      hint = 'Try again when some have ended. The cap is in meshhook.limit_list; an admin can change it with meshhook.set_limit.';
  end if;
end $$;
