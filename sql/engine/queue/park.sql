-- Takes claimed queue rows of paused runs out of those runs: the worker that claimed one has been given nothing and finishes it,
-- so when the run is resumed its steps must look for another row. Answers with the rows of runs that were resumed between the
-- claim and here: they are to be begun after all.
-- Locks: the runs, in id order. Notifies nobody. Called by: begin, with the rows that held nothing.
create or replace function meshhook_engine.park(p_jobs bigint[]) returns bigint[]
language plpgsql volatile as $$
declare
  v_run   meshhook.runs;
  v_again bigint[] := '{}'::bigint[];
begin
  for v_run in
    select k.*
    from (
      select distinct r.id
      from unnest(p_jobs) claimed(id)
      join meshhook_river.river_job j on j.id = claimed.id
      join meshhook.runs r on r.id = (j.args ->> 'run_id')::uuid
      where r.status in ('paused', 'running')
      order by 1
    ) wanted
    cross join lateral (select * from meshhook.runs r where r.id = wanted.id for no key update) k
  loop
    if v_run.status = 'paused' then
      update meshhook.runs r
      set jobs = (
        select nullif(jsonb_object_agg(h.key, h.value) filter (where not (h.value #>> '{}')::bigint = any (p_jobs)), '{}')
        from jsonb_each(v_run.jobs) h)
      where r.id = v_run.id;
    elsif v_run.status = 'running' then
      v_again := v_again || array(select distinct h.value::bigint from jsonb_each_text(v_run.jobs) h where h.value::bigint = any (p_jobs));
    end if;
  end loop;
  return v_again;
end $$;
