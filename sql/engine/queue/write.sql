-- Writes what was decided, for many runs in one go: the only place that writes runs, events, payloads, waits and queue rows.
-- Guarantees: seq is gapless (seq of the run + position); the primary key of events turns a missed lock into an error.
-- The caller holds the runs' row locks, taken in id order (new runs are nobody else's yet).
-- Order of writes: runs, events, payloads, waits, queue rows: the engine's lock order. Then runs that called one that ended
-- here are told (hand_over, which waits for no lock).
-- Notifies: meshhook_river.river_insert once, when a row is there for anybody; new events through the trigger on events.
-- Called by: accept, start, deliver, wake, cancel.
create or replace function meshhook_engine.write(p_changes meshhook_engine.change[], p_process int, p_now timestamptz) returns void
language plpgsql volatile as $$
declare
  v_new   boolean;
  v_old   boolean;
  v_large boolean;
  v_waits boolean;
  v_had   boolean;
  v_lease boolean;
  v_free  boolean;
  v_fail  boolean;
  v_drop  bigint[];
  v_told  boolean;
  v_left  boolean;
begin
  -- What there is to write at all: a statement for nothing costs as much as one for a row.
  select bool_or(c.is_new), bool_or(not c.is_new), bool_or(pg_column_size(c.events) > 8192), bool_or(c.waits is not null),
         bool_or(c.had_waits), bool_or(c.new_job is not null), bool_or(c.free_job is not null), bool_or(c.status = 'failed'),
         bool_or(c.parent_id is not null and not c.is_new and c.status in ('succeeded', 'failed', 'canceled')), bool_or(c.abandons is not null)
  into v_new, v_old, v_large, v_waits, v_had, v_lease, v_free, v_fail, v_told, v_left
  from unnest(p_changes) c;
  v_drop := array(select unnest(c.drop_jobs) from unnest(p_changes) c where c.drop_jobs is not null);

  if v_new then
    insert into meshhook.runs (
      id, started_at, finished_at, wake_at, deadline_at, project_id, workflow_id, version_id, seq, status, trigger,
      request_id, business_key, frontier, jobs, output, error, dead_letter, slotted, parent_id)
    select n.run_id, p_now, case when n.status in ('succeeded', 'failed', 'canceled') then p_now end,
           case when n.waits is not null then meshhook_engine.first_due(n.frontier, n.jobs, n.waits, null) end, n.deadline_at, n.project_id, n.workflow_id, n.version_id,
           n.seq + cardinality(n.events), n.status, n.trigger,
           n.request_id, n.business_key, n.frontier, n.jobs, n.output, n.error,
           case when n.status = 'failed' then meshhook_engine.fingerprint(n.workflow_id, n.error) end,
           -- Slotted: held back, or of a project that counts its open runs; only then there is something to give back.
           nullif(n.frontier ->> 'n' = '' or exists (select from meshhook.projects p where p.id = n.project_id and p.limits ? 'open_runs'), false),
           n.parent_id
    from unnest(p_changes) n
    where n.is_new;
  end if;
  if v_old then
    update meshhook.runs r
    set seq = u.seq + cardinality(u.events), status = u.status, frontier = u.frontier, jobs = u.jobs,
        output = u.output, error = u.error,
        dead_letter = case when u.status = 'failed' then meshhook_engine.fingerprint(r.workflow_id, u.error) end,
        deadline_at = case when u.status in ('running', 'waiting', 'paused') then r.deadline_at end,
        finished_at = case when u.status in ('succeeded', 'failed', 'canceled') then p_now end,
        wake_at = case when u.waits is not null or u.had_waits then meshhook_engine.first_due(u.frontier, u.jobs, u.waits, r.wake_at) end
    from unnest(p_changes) u
    where not u.is_new and r.id = u.run_id;
  end if;

  insert into meshhook.events (run_id, at, seq, project_id, type, attempt, step, data, digest)
  select u.run_id, p_now, u.seq + e.n, u.project_id, e.type, e.attempt, e.step,
         case when v_large and pg_column_size(e.data) > 8192 then jsonb_build_object('payload', pg_column_size(e.data)) else e.data end,
         e.digest
  from unnest(p_changes) u
  cross join unnest(u.events) with ordinality e(type, step, attempt, data, digest, n);
  if v_large then
    insert into meshhook.payloads (run_id, seq, project_id, data)
    select u.run_id, u.seq + e.n, u.project_id, e.data
    from unnest(p_changes) u
    cross join unnest(u.events) with ordinality e(type, step, attempt, data, digest, n)
    where pg_column_size(e.data) > 8192;
  end if;

  if v_had then
    delete from meshhook.waits w
    using unnest(p_changes) u
    where u.had_waits and w.run_id = u.run_id
      and w.run_id = any (array(select c.run_id from unnest(p_changes) c where c.had_waits))  -- found by key, whatever the planner thinks
      and (u.frontier #> array['open', w.step] is null or u.jobs ? w.step);
  end if;
  if v_waits then
    insert into meshhook.waits (run_id, step, kind, signal, key, due_at, project_id, gate)
    select u.run_id, w ->> 'step', w ->> 'kind', w ->> 'signal', w ->> 'key', coalesce(to_timestamp((w ->> 'due')::bigint / 1000.0), 'infinity'), u.project_id, w ->> 'gate'
    from unnest(p_changes) u
    cross join jsonb_array_elements(u.waits) w
    on conflict (run_id, step) do update set kind = excluded.kind, due_at = excluded.due_at, key = excluded.key, gate = excluded.gate;
  end if;

  if v_lease then
    insert into meshhook_river.river_job (id, kind, args, queue, max_attempts, state, scheduled_at, attempted_by)
    select u.new_job, 'run', jsonb_build_object('run_id', u.run_id), 'default', 25, 'scheduled'::meshhook_river.river_job_state,
           clock_timestamp() + interval '30 seconds', array[p_process::text]
    from unnest(p_changes) u where u.new_job is not null;
  end if;
  if v_free then
    with waiting as materialized (
      select u.free_job, u.run_id, u.project_id, row_number() over (partition by u.project_id order by u.free_job) as n
      from unnest(p_changes) u where u.free_job is not null
    )
    insert into meshhook_river.river_job (id, kind, args, queue, max_attempts, state, scheduled_at, priority)
    select w.free_job, 'run', jsonb_build_object('run_id', w.run_id, 'project', w.project_id), 'default', 25, 'available',
           t.turn + w.n * interval '1 microsecond', 2
    from waiting w
    join (select d.project_id, meshhook_engine.turn(d.project_id) as turn from (select distinct project_id from waiting) d) t on t.project_id = w.project_id;
  end if;
  if v_drop <> '{}' then
    delete from meshhook_river.river_job j where j.id = any (v_drop);
  end if;
  if v_left then
    insert into meshhook.abandoned_runs (run_id, project_id, parent_id, at)
    select a.id, u.project_id, u.run_id, p_now from unnest(p_changes) u cross join unnest(u.abandons) a(id)
    on conflict do nothing;
  end if;
  if v_told then
    perform meshhook_engine.hand_over(p_changes, p_now);
  end if;
  if v_free then
    perform pg_notify('meshhook_river.river_insert', '{"queue":"default"}');
  end if;
  if v_fail then
    perform meshhook_engine.heed_failures(p_changes, p_now);
  end if;
end $$;
