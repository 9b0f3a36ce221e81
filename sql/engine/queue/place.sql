-- Who does what has just been opened: this process while it has free slots (p_take), anybody through the queue, or nobody
-- before it is due (a wait). Every open step that is due is held by exactly one queue row; a row holds steps of one run.
-- p_job is the row this process works under, p_held the one that held the step just settled (the same, but for lost leases).
-- A row that is left without work is dropped, in the same commit.
-- Only steps named in p_opened are placed; what was open before keeps its holder. Takes no lock, writes nothing.
-- Called by: accept, new_run, deliver, wake_timers.
create or replace function meshhook_engine.place(
  p_run uuid, p_project int, p_decision meshhook_engine.decision, p_jobs jsonb, p_job bigint, p_held bigint, p_take int,
  p_nodes meshhook_engine.node[], p_now timestamptz)
returns meshhook_engine.placement
language plpgsql volatile as $$
declare
  r         meshhook_engine.placement;
  v_now     bigint := (extract(epoch from p_now) * 1000)::bigint;
  v_step    text;
  v_open    jsonb;
  v_due     bigint;
  v_job     bigint;
  v_rest    bigint;
  v_gone    bigint[];
  v_request jsonb;
begin
  r.taken := 0;
  r.calls := '[]'::jsonb;
  if p_decision.status <> 'running' then
    -- The end: every row of the run goes.
    if p_jobs <> '{}' then
      r.drop_jobs := array(select value::bigint from jsonb_each_text(p_jobs));
    end if;
    if p_job is not null then
      r.drop_jobs := r.drop_jobs || p_job;
    end if;
    if p_held is not null and p_held is distinct from p_job then
      r.drop_jobs := r.drop_jobs || p_held;
    end if;
    return r;
  end if;

  r.jobs := coalesce(p_jobs, '{}');
  if r.jobs ? '*' and not p_decision.frontier ? 'rest' then
    -- Another event has taken the rest along.
    v_rest := (r.jobs ->> '*')::bigint;
    r.jobs := r.jobs - '*';
  end if;
  if p_decision.opened[1] = '-' then
    -- Open steps were given up.
    v_gone := array(select h.value::bigint from jsonb_each_text(r.jobs) h where h.key <> '*' and not (p_decision.frontier -> 'open') ? h.key);
    r.jobs := (select coalesce(jsonb_object_agg(h.key, h.value), '{}') from jsonb_each(r.jobs) h where h.key = '*' or (p_decision.frontier -> 'open') ? h.key);
    p_decision.opened := p_decision.opened[2:];
  end if;
  foreach v_step in array p_decision.opened loop
    continue when v_step = '*' and r.jobs ? '*';  -- the rest has grown or shrunk; who holds it goes on holding it
    v_open := p_decision.frontier -> 'open' -> v_step;
    if v_open ? 's' then  -- a signal or somebody's approval: nobody's work
      r.waits := coalesce(r.waits, '[]') || meshhook_engine.wait_of(v_step, v_open, v_now);
      continue;
    end if;
    v_due := coalesce((v_open -> 'due')::bigint, 0);
    if v_due - v_now < 2000 and r.taken < p_take then
      v_job := coalesce(p_job, r.new_job);
      if v_job is null then
        v_job := nextval('meshhook_river.river_job_id_seq');
        r.new_job := v_job;
      end if;
      r.jobs := r.jobs || jsonb_build_object(v_step, v_job);
      r.taken := r.taken + 1;
      v_request := null;
      if v_open ? 'a' then
        v_request := meshhook_engine.intent(p_run, v_step, (v_open -> 'q')::int, p_decision.effects);
      end if;
      r.calls := r.calls || meshhook_engine.work_item(
        p_run, p_project, v_job, v_step, v_open, p_nodes[(v_open -> 'i')::int].spec, v_request, p_now);
    elsif v_due <= v_now then
      r.free_job := coalesce(r.free_job, nextval('meshhook_river.river_job_id_seq'));
      r.jobs := r.jobs || jsonb_build_object(v_step, r.free_job);
    else
      r.jobs := r.jobs - v_step;
      r.waits := coalesce(r.waits, '[]') || jsonb_build_object(
        'step', v_step, 'kind', case when v_open ? 'a' then 'retry' else 'timer' end, 'due', v_due);
    end if;
  end loop;
  if v_rest is not null and v_rest is distinct from p_job and not meshhook_engine.holds(r.jobs, v_rest) then
    r.drop_jobs := array[v_rest];
  end if;
  if p_job is not null and not meshhook_engine.holds(r.jobs, p_job) then
    r.drop_jobs := r.drop_jobs || p_job;
  end if;
  if p_held is not null and p_held is distinct from p_job and not meshhook_engine.holds(r.jobs, p_held) then
    r.drop_jobs := r.drop_jobs || p_held;
  end if;
  if v_gone is not null then
    r.drop_jobs := r.drop_jobs || array(
      select distinct g from unnest(v_gone) g where not meshhook_engine.holds(r.jobs, g) and (r.drop_jobs is null or g <> all (r.drop_jobs)));
  end if;
  r.jobs := nullif(r.jobs, '{}');
  return r;
end $$;
