-- The output of a loop that is over: the log does not repeat it (a loop within a loop aside), so it is put together from what
-- its iterations left there. Null when p_data, the event with number p_seq, settles no loop of that name.
-- Called by: recall_steps, run_steps_of.
create or replace function meshhook_engine.recall_each(p_run uuid, p_step text, p_seq int, p_data jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_each    jsonb;
  v_nodes   meshhook_engine.node[];
  v_results jsonb;
begin
  select s -> 'each' into v_each from jsonb_array_elements(p_data -> 'steps') s where s ->> 'step' = p_step;
  if v_each is null then
    return null;
  end if;
  select coalesce(v.nodes, meshhook_engine.nodes_of(v.compiled)) into v_nodes
  from meshhook.runs r join meshhook.workflow_versions v on v.id = r.version_id
  where r.id = p_run;
  v_results := meshhook_engine.loop_results(
    p_run, v_nodes, (select k from generate_subscripts(v_nodes, 1) k where v_nodes[k].id = p_step and not v_nodes[k].spec ? 'loop'), p_step,
    (v_each -> 'since')::int, p_seq);
  return (
    select jsonb_agg(coalesce(v_results -> k::text, 'null') order by k)
    from generate_series(0, (v_each -> 'count')::int - 1) k);
end $$;
