-- Holds a start back that its workflow's policy wants held back: writes its row of concurrency_slots and answers with what
-- run.started says of it ({"held": {...}}); null when the run may begin at once (its keys are null). The run is made, but begins
-- when admit lets it.
-- It only adds a row of its own, so that a transaction that is open for long (start in somebody's own) keeps nobody waiting.
-- A key that cannot be worked out ends the run, with that error.
-- Locks: none on existing rows. Notifies: see nudge. Called by: accept, new_run, for versions that have compiled.holds.
create or replace function meshhook_engine.hold(
  p_run uuid, p_project int, p_workflow int, p_holds jsonb, p_ctx jsonb, p_due timestamptz, p_now timestamptz) returns jsonb
language plpgsql volatile as $$
declare
  v_slots   jsonb := p_holds -> 'concurrency';
  v_quiet   jsonb := p_holds -> 'debounce';
  v_row     meshhook.concurrency_slots;
  v_state   text;
  v_message text;
  v_detail  text;
begin
  begin
    if v_slots is not null then
      v_row.key := meshhook_engine.hold_key(meshhook_expr.eval(v_slots -> 'key', p_ctx));
    end if;
    if v_quiet is not null then
      v_row.quiet_key := case v_quiet -> 'key' when 'null' then '' else meshhook_engine.hold_key(meshhook_expr.eval(v_quiet -> 'key', p_ctx)) end;
    end if;
  exception
    when others then
      get stacked diagnostics v_state = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail;
      v_row.verdict := jsonb_build_object('status', 'failed', 'error', meshhook_engine.trouble(v_state, v_message, v_detail) || '{"at": "policy"}');
  end;
  if v_row.key is null and v_row.quiet_key is null and v_row.verdict is null then
    return null;
  end if;
  v_row.run_id := p_run;
  v_row.project_id := p_project;
  v_row.workflow_id := p_workflow;
  v_row.asked_at := p_now;
  if v_row.key is not null then
    v_row.max_runs := (v_slots -> 'limit')::int;
    v_row.on_limit := v_slots ->> 'on_limit';
  end if;
  if v_row.quiet_key is not null then
    v_row.quiet_ms := (v_quiet -> 'quiet_ms')::bigint;
    v_row.keep := v_quiet ->> 'mode';
    v_row.due_at := p_now + make_interval(secs => v_row.quiet_ms / 1000.0);
    v_row.latest_at := p_now + make_interval(secs => (v_quiet ->> 'max_wait_ms')::float8 / 1000);
  end if;
  v_row.state := case when v_row.quiet_key is not null then 'quiet' else 'queued' end;
  if p_due > p_now then
    v_row.state := 'delayed';
    v_row.due_at := p_due;
    v_row.latest_at := null;
  end if;
  insert into meshhook.concurrency_slots (
    run_id, project_id, workflow_id, state, key, max_runs, on_limit, quiet_key, quiet_ms, keep, asked_at, due_at, latest_at, verdict)
  values (
    v_row.run_id, v_row.project_id, v_row.workflow_id, v_row.state, v_row.key, v_row.max_runs, v_row.on_limit,
    v_row.quiet_key, v_row.quiet_ms, v_row.keep, v_row.asked_at, v_row.due_at, v_row.latest_at, v_row.verdict);
  if v_row.state = 'queued' or v_row.verdict is not null then
    perform meshhook_engine.nudge(p_run, p_project);
  end if;
  return jsonb_build_object('held', jsonb_strip_nulls(jsonb_build_object('key', v_row.key, 'quiet_key', v_row.quiet_key, 'until', meshhook_engine.iso(v_row.due_at))));
end $$;
