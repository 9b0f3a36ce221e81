-- The steps within loops of a run, iteration by iteration: what the log says of them, and the frontier of those that are open.
-- A step that was begun and neither settled nor is open has been given up with its iteration. Runs as the caller: row level
-- security decides what is seen. Called by: run_steps_of.
create or replace function meshhook_engine.loop_steps_of(p_run uuid)
returns table (step text, type text, status text, attempts int, seq int, finished_at timestamptz, output jsonb, error jsonb)
language plpgsql stable as $$
begin
  return query
    with recursive run as materialized (
      select r.frontier, r.jobs, r.finished_at, v.compiled from meshhook.runs r join meshhook.workflow_versions v on v.id = r.version_id where r.id = p_run
    ),
    node as materialized (
      select (x.ord - 1)::int as i, x.node from run, jsonb_array_elements(run.compiled -> 'nodes') with ordinality x(node, ord)
    ),
    named as (  -- a node by its path without numbers
      select n.i, n.node, n.node ->> 'id' as chain, n.i as top from node n where not n.node ? 'loop'
      union all
      select n.i, n.node, p.chain || '.' || (n.node ->> 'id'), p.top from named p join node n on (n.node -> 'loop')::int = p.i
    ),
    fact as materialized (
      select f.* from meshhook_engine.facts(p_run, null) f where f.step is null or strpos(f.step, '[') > 0
    ),
    said as (
      select s.step ->> 'step' as path, f.seq, f.at, case when s.step ? 'error' then 'failed' else 'succeeded' end as status, null::int as attempts,
             case when s.step ? 'error' then jsonb_build_object('error', s.step -> 'error') when s.step ? 'ports' then s.step -> 'ports' else s.step -> 'output' end as output
      from fact f cross join lateral jsonb_array_elements(f.data -> 'steps') s(step)
      where f.type = 'segment.decided' and strpos(s.step ->> 'step', '[') > 0
      union all
      select k.path, f.seq, f.at, 'skipped', null, null
      from fact f cross join lateral jsonb_array_elements_text(f.data -> 'skipped') k(path)
      where f.type = 'segment.decided' and strpos(k.path, '[') > 0
      union all
      select f.step, f.seq, f.at, case when o.output ? 'error' then 'failed' else 'succeeded' end, (f.data -> 'attempts')::int, o.output
      from fact f
      left join fact b on b.seq = f.seq - 1 and f.type = 'call.succeeded'
      cross join lateral (select meshhook_engine.output_of(f.type, f.at, f.step, f.data, b.data) as output) o
      where f.type <> 'segment.decided' and f.step is not null and o.output is not null
    ),
    last as (  -- a loop that was gone through again has said more than once what became of a step
      select distinct on (s.path) s.* from said s order by s.path, s.seq desc
    ),
    begun as (
      select distinct on (f.step) f.step as path, f.seq from fact f where f.step is not null order by f.step, f.seq
    ),
    step as (
      select l.path, l.seq, l.at, l.status, l.attempts, l.output from last l
      union all
      select b.path, null, null, case when o.open is not null then 'open' when run.frontier -> 'loops' ? b.path then 'running' else 'canceled' end,
             (o.open -> 'a')::int, null
      from begun b
      cross join run
      cross join lateral (select run.frontier #> array['open', b.path] as open) o
      where not exists (select from last l where l.path = b.path and (o.open is null or l.seq > b.seq))
    )
    select s.path, n.node ->> 'type',
           case when s.status <> 'open' then s.status when n.node ->> 'type' in ('delay', 'wait') then 'waiting' when run.jobs ? s.path then 'running' when n.node ->> 'type' = 'call' then 'waiting' else 'retrying' end,
           s.attempts, s.seq, s.at, nullif(s.output, 'null'), case when s.status = 'failed' then s.output -> 'error' end
    from step s
    cross join run
    join named n on n.chain = regexp_replace(s.path, '\[\d+\]', '', 'g')
    order by n.top, substring(s.path from '\[(\d+)\]')::int, s.seq nulls last, n.i;
end $$;
