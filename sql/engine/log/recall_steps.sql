-- Outputs of earlier steps, by name. Reads by primary key, only the events named: p_at is frontier.at (step -> seq of its output).
-- A step whose event is gone counts as null: verify names the gap, the run goes on. Called by: advance, recall_loops.
create or replace function meshhook_engine.recall_steps(p_run uuid, p_at jsonb, p_steps text[]) returns jsonb
language plpgsql stable as $$
begin
  return coalesce((
    select jsonb_object_agg(m.step, coalesce(
      meshhook_engine.output_of(f.type, f.at, m.step, f.data, b.data), meshhook_engine.recall_each(p_run, m.step, f.seq, f.data)))
    from unnest(p_steps) m(step)
    left join meshhook_engine.facts(p_run, array(select (p_at -> s)::int from unnest(p_steps) s where p_at ? s)) f on f.seq = (p_at -> m.step)::int
    left join lateral (
      select before.data from meshhook_engine.facts(p_run, array[f.seq - 1]) before where f.type = 'call.succeeded'
    ) b on true
    where m.step not like '.%' and (p_at ? m.step or m.step not like '%[%')), '{}');
end $$;
