-- For claimed rows whose calls have to ask before they go: holds their runs, drops what has changed since it was read, asks,
-- and writes the waits of those that may not go yet. p_others: rows of the same claim whose runs the caller will lock after.
-- Locks: the runs of both in id order, then what press and write lock. Called by: begin.
create or replace function meshhook_engine.begin_pressed(p_process int, p_calls jsonb[], p_others bigint[], p_now timestamptz) returns jsonb[]
language plpgsql volatile as $$
declare
  v_run      meshhook.runs;
  v_decision meshhook_engine.decision;
  v_place    meshhook_engine.placement;
  v_changes  meshhook_engine.change[] := '{}'::meshhook_engine.change[];
  v_held     jsonb := '{}';  -- run -> its jobs
begin
  for v_run in
    select k.*
    from (
      select (i ->> 'run')::uuid as id from unnest(p_calls) c, jsonb_array_elements(c) i
      union
      select (j.args ->> 'run_id')::uuid from meshhook_river.river_job j where j.id = any (p_others)
      order by 1
    ) wanted
    cross join lateral (select * from meshhook.runs r where r.id = wanted.id for no key update) k
  loop
    continue when v_run.status <> 'running';
    v_held := v_held || jsonb_build_object(v_run.id, v_run.jobs);
    v_decision := null;
    v_decision.status := v_run.status;
    v_decision.frontier := v_run.frontier;
    v_decision.effects := '{}';
    v_place := null;
    v_place.jobs := v_run.jobs;
    v_changes := v_changes || meshhook_engine.change_of(v_run, v_decision, v_place, '{}');
  end loop;
  p_calls := array(
    select coalesce((
      select jsonb_agg(i order by k) from jsonb_array_elements(c.list) with ordinality x(i, k)
      where v_held -> (i ->> 'run') -> (i ->> 'step') = i -> 'job'), '[]')
    from unnest(p_calls) with ordinality c(list, n) order by n);
  select p.p_changes, p.p_calls into v_changes, p_calls from meshhook_engine.press(v_changes, p_calls, '{}', p_now) p;
  v_changes := array(select c from unnest(v_changes) c where c.waits is not null);
  if v_changes <> '{}' then
    perform meshhook_engine.write(v_changes, p_process, p_now);
  end if;
  return p_calls;
end $$;
