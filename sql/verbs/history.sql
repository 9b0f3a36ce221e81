-- The log of a run for people: each event with a sentence, and how long what it closes took. Reads only.
create or replace function meshhook.history(run uuid)
returns table (seq int, at timestamptz, type text, step text, attempt int, took interval, summary text, data jsonb)
language plpgsql stable security definer set search_path = '' as $$
declare
  v_run meshhook.runs := meshhook_engine.run_for(run, 'view');
begin
  return query
    select f.seq, f.at, f.type::text, f.step, f.attempt::int,
           case
             when f.type = 'call.attempted' then make_interval(secs => (f.data #> '{timings,total_ms}')::float8 / 1000)
             when f.type in ('call.succeeded', 'call.failed') then make_interval(secs => (f.data -> 'duration_ms')::float8 / 1000)
             when f.type = 'timer.fired' then f.at - min(f.at) filter (where f.type = 'timer.set') over (partition by f.step)
             when f.type in ('run.succeeded', 'run.failed', 'run.canceled') then f.at - v_run.started_at
           end,
           meshhook_engine.summary(f.type, f.attempt::int, f.data), f.data
    from meshhook_engine.facts(run, null) f
    order by f.seq;
end $$;
comment on function meshhook.history(uuid) is 'Every event of a run in order, with a one-line summary and its data.';
