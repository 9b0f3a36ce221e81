-- The runs of a workflow that recorded requests started from an id on and that have ended, oldest first: a range of an index,
-- in the partitions it touches. Called by: meshhook.backtest.
create or replace function meshhook_engine.backtest_runs(p_workflow int, p_from uuid) returns setof meshhook.runs
language sql stable as $$
  select r.* from meshhook.runs r
  where r.workflow_id = p_workflow and r.id >= p_from
    and r.trigger = 'webhook' and r.finished_at is not null
  order by r.id
$$;
