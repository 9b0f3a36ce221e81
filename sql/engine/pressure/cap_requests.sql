-- Refuses those of a group of requests whose runs would be more than their project may have open: rejected with MH_OPEN_RUNS, in
-- the order in which they came. Before they are deduped: the sender may send them again.
-- Reads only. Called by: sift, when a request's project has a cap.
create or replace function meshhook_engine.cap_requests(p_received meshhook_engine.received[]) returns meshhook_engine.received[]
language plpgsql stable as $$
declare
  v_all  meshhook_engine.received[] := p_received;
  v_one  meshhook_engine.received;
  v_room jsonb := '{}';  -- project -> runs it may still open
  v_left bigint;
begin
  for n in 1 .. cardinality(v_all) loop
    v_one := v_all[n];
    continue when v_one.trigger is null or not coalesce(v_one.door ? 'capped', false);
    v_left := coalesce((v_room ->> v_one.project_id::text)::bigint, meshhook_engine.room_for_runs(v_one.project_id));
    if v_left < cardinality(v_one.workflows) then
      v_one.verdict := 'rejected';
      v_one.cause := 'MH_OPEN_RUNS';
      v_one.message := 'The project has as many open runs as it may have; send this again later.';
      v_one.trigger := null;
      v_all[n] := v_one;
    else
      v_left := v_left - cardinality(v_one.workflows);
    end if;
    v_room := v_room || jsonb_build_object(v_one.project_id, v_left);
  end loop;
  return v_all;
end $$;
