-- What the iterations of a loop gave, as far as the log says: {"0": ..., "1": ...}. p_path is the loop's path, p_each its number
-- among the nodes; events after seq p_since - 1 and up to p_upto are looked at, each once, so a loop costs what its log costs.
--
-- An iteration's result is found as a run's output is: of the terminate that ended it, else of its single last node, else a map
-- of its last nodes by name; {"error"} when a node failed and nothing took care of that. Must say the same as decide did.
-- Called by: recall_loops, recall_each.
create or replace function meshhook_engine.loop_results(
  p_run uuid, p_nodes meshhook_engine.node[], p_each int, p_path text, p_since int, p_upto int) returns jsonb
language plpgsql stable as $$
declare
  v_body jsonb := p_nodes[p_each].spec -> 'body';
  v_ends text[] := array(select jsonb_array_elements_text(v_body -> 'ends'));
  v_safe text[];  -- nodes whose failure something takes care of
begin
  v_safe := array(
    select p_nodes[i].id from generate_series((v_body -> 'first')::int + 1, (v_body -> 'first')::int + (v_body -> 'count')::int) i
    where p_nodes[i].on_failure or p_nodes[i].go_on);
  return (
    with fact as materialized (
      select e.seq, e.type, e.at, e.step, case when e.data ? 'payload' then p.data else e.data end as data
      from meshhook.events e
      left join meshhook.payloads p on p.run_id = e.run_id and p.seq = e.seq and e.data ? 'payload'
      where e.run_id = p_run and e.seq between p_since and p_upto
        and (e.step is null or starts_with(e.step, p_path || '['))
    ),
    settled as (
      select s.step ->> 'step' as path, f.seq, s.step ? 'ends' as ends, s.step ? 'error' as failed,
             case when s.step ? 'error' then jsonb_build_object('error', s.step -> 'error')
                  when s.step ? 'ports' then s.step -> 'ports' else s.step -> 'output' end as output
      from fact f
      cross join lateral jsonb_array_elements(f.data -> 'steps') s(step)
      where f.type = 'segment.decided' and starts_with(s.step ->> 'step', p_path || '[')
      union all
      select f.step, f.seq, false, o.output ? 'error', o.output
      from fact f
      left join fact b on b.seq = f.seq - 1 and f.type = 'call.succeeded'
      cross join lateral (select meshhook_engine.output_of(f.type, f.at, f.step, f.data, b.data) as output) o
      where f.type <> 'segment.decided' and f.step is not null and o.output is not null
    ),
    named as (
      select distinct on (path)  -- what came of a wait may be said after what it met
             split_part(substr(path, length(p_path) + 2), ']', 1) as i, substr(path, position(']' in substr(path, length(p_path) + 2)) + length(p_path) + 3) as id,
             ends, failed, output
      from settled
      order by path, seq desc
    )
    select coalesce(jsonb_object_agg(r.i, r.result), '{}')
    from (
      select n.i, case
        when bool_or(n.ends or n.failed and n.id <> all (v_safe)) then (array_agg(n.output) filter (where n.ends or n.failed and n.id <> all (v_safe)))[1]
        when cardinality(v_ends) = 1 then coalesce((array_agg(n.output) filter (where n.id = v_ends[1]))[1], 'null')
        else coalesce(jsonb_object_agg(n.id, n.output) filter (where n.id = any (v_ends)), '{}') end as result
      from named n
      where strpos(n.id, '[') = 0  -- what happened in loops within is theirs
      group by n.i
    ) r);
end $$;
