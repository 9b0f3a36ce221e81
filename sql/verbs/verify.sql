-- Proves a run: folds its log again through the same decide and compares every event, the snapshot and the request bytes.
-- No row means proven. Reads only, takes no lock.
create or replace function meshhook.verify(run uuid)
returns table (seq int, step text, code text, expected jsonb, got jsonb)
language plpgsql stable security definer set search_path = '' as $$
declare
  v_run   meshhook.runs := meshhook_engine.run_for(run, 'view');
  v_fold  record;
begin
  select f.state, f.problems into v_fold from meshhook_engine.refold(v_run, 2147483647) f;
  return query
    select (p.problem ->> 'seq')::int, p.problem ->> 'step', p.problem ->> 'code', nullif(p.problem -> 'expected', 'null'), nullif(p.problem -> 'got', 'null')
    from jsonb_array_elements(v_fold.problems) p(problem);
  return query
    select v_run.seq, null::text, 'MH_SNAPSHOT_DIFFERS', c.folded, c.recorded
    from (values
      (jsonb_build_object('seq', v_fold.state -> 'seq'), jsonb_build_object('seq', v_run.seq)),
      (jsonb_build_object('frontier', v_fold.state -> 'frontier'), jsonb_build_object('frontier', v_run.frontier)),
      (jsonb_build_object('output', v_fold.state -> 'output'), jsonb_build_object('output', v_run.output)),
      (jsonb_build_object('error', nullif(v_fold.state -> 'error', 'null')), jsonb_build_object('error', nullif(v_run.error, 'null'))),
      (jsonb_build_object('status', v_fold.state ->> 'status'),
       jsonb_build_object('status', case when v_run.status = 'waiting' then 'running' else v_run.status::text end))
    ) c(folded, recorded)
    where jsonb_strip_nulls(c.folded) <> jsonb_strip_nulls(c.recorded);
end $$;
comment on function meshhook.verify(uuid) is
  'Proves a run from its own log: folds it again and compares every event, the snapshot and the request. No row means proven.';
