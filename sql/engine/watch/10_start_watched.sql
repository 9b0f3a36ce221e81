-- Starts runs for changes of a watched table, in the transaction that makes them. p_bodies is one trigger body a run.
-- A workflow that is disabled starts nothing; an input that its schema refuses starts nothing and is kept as last_error of the
-- watch (skip locked: no application waits for another because of it). The application's own statement never fails for either.
-- Locks: the watch's row, when something is wrong. Notifies: see write(). Called by: watched_change, flush_watched.
create or replace function meshhook_engine.start_watched(p_watch meshhook.watched_tables, p_op text, p_bodies jsonb[], p_key text) returns void
language plpgsql volatile as $$
declare
  v_now     timestamptz := meshhook_engine.clock();
  v_target  record;
  v_body    jsonb;
  v_changes meshhook_engine.change[] := '{}'::meshhook_engine.change[];
  v_error   jsonb;
begin
  select t.* into v_target from meshhook_engine.targets(array[p_watch.workflow_id]) t;
  if v_target.workflow_id is null then
    return;
  end if;
  foreach v_body in array p_bodies loop
    begin
      perform meshhook_engine.require_input(v_target.graph, v_body);
    exception
      when others then  -- an evaluation: nothing is written in here
        v_error := jsonb_build_object('code', coalesce(substring(sqlerrm from '^(MH_[A-Z_]+):'), 'MH_INTERNAL'), 'message', sqlerrm, 'at', meshhook_engine.iso(v_now));
        continue;
    end;
    v_changes := v_changes || meshhook_engine.new_run(
      meshhook_engine.uuid_v7(v_now), p_watch.project_id, v_target.workflow_id, v_target.name, v_target.version_id, v_target.version,
      v_target.graph, v_target.nodes, 'sql',
      jsonb_build_object(
        'body', v_body, 'received_at', meshhook_engine.iso(v_now), 'headers', '{}'::jsonb, 'query', '{}'::jsonb,
        'table', v_body -> 'table', 'op', p_op),
      p_key, null, v_now);
  end loop;
  if cardinality(v_changes) > 0 then
    perform meshhook_engine.write(v_changes, null, v_now);
  end if;
  if v_error is not null then
    update meshhook.watched_tables w set last_error = v_error
    from (select k.id from meshhook.watched_tables k where k.id = p_watch.id for no key update skip locked) free
    where w.id = free.id;
  end if;
end $$;
