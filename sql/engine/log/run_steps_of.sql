-- The steps of a run, in the order of its graph, out of the frontier's letters and the events that settled them.
-- Runs as the caller: row level security decides what is seen. Called by: the view run_steps.
create or replace function meshhook_engine.run_steps_of(p_run uuid)
returns table (step text, type text, status text, attempts int, seq int, finished_at timestamptz, output jsonb, error jsonb)
language plpgsql stable as $$
begin
  return query
    select n.node ->> 'id', n.node ->> 'type',
           case substr(r.frontier ->> 'n', n.ord::int, 1)
             when '.' then 'ready'
             when 'o' then case when n.node ->> 'type' in ('delay', 'wait') then 'waiting' when n.node ->> 'type' = 'each' then 'running' when r.jobs ? (n.node ->> 'id') then 'running' when n.node ->> 'type' = 'call' then 'waiting' else 'retrying' end
             when 's' then 'succeeded' when 'f' then 'failed' when 'x' then 'skipped' when 'c' then 'canceled' end,
           coalesce((f.data -> 'attempts')::int, (r.frontier #> array['open', n.node ->> 'id', 'a'])::int),
           f.seq, f.at, nullif(o.output, 'null'), o.output -> 'error'
    from meshhook.runs r
    join meshhook.workflow_versions v on v.id = r.version_id
    cross join jsonb_array_elements(v.compiled -> 'nodes') with ordinality n(node, ord)
    left join meshhook_engine.facts(p_run, null) f on f.seq = (r.frontier #> array['at', n.node ->> 'id'])::int
    left join meshhook_engine.facts(p_run, null) b on b.seq = f.seq - 1 and f.type = 'call.succeeded'
    cross join lateral (
      select coalesce(meshhook_engine.output_of(f.type, f.at, n.node ->> 'id', f.data, b.data), meshhook_engine.recall_each(p_run, n.node ->> 'id', f.seq, f.data)) as output
    ) o
    where r.id = p_run and not n.node ? 'loop'
    order by n.ord;
  if exists (
    select from meshhook.runs r join meshhook.workflow_versions v on v.id = r.version_id where r.id = p_run and v.compiled ? 'size'
  ) then
    return query select * from meshhook_engine.loop_steps_of(p_run);
  end if;
end $$;
