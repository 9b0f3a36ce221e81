-- Runs a compiled definition to its end without the world: through the same decide as a real run, under a clock of its own
-- that jumps to whatever comes next. What calls meet comes in (p_answers: step -> list of answers, one an attempt). A call
-- or a wait without an answer stays open: its step is told in `unknown`, and when it keeps the run from its end, the status is running.
--
-- An answer is a mock as read_mocks gives it (status, headers, body, error, takes), or a recording as recording_of gives it
-- (recorded: data of call.attempted; at, draw; hash of the request that it answered). A mock's last answer stands for all
-- further attempts; a recording answers only what was asked then, in the very words, and what it did not answer is known to be
-- open until '.until', if it was asked then ('.asked'); '.held' puts the deadline off. '.end' is the fact from outside that ended the recorded run. Delays are
-- over at the moment they are due, or when they were over in the recording.
--
-- Writes nothing, locks nothing, draws nothing. Stops with MH_SIMULATE_TOO_LONG after 10 000 events.
-- Called by: meshhook.simulate, meshhook.backtest.
create or replace function meshhook_engine.foresee(
  p_graph jsonb, p_nodes meshhook_engine.node[], p_ctx jsonb, p_started jsonb, p_at timestamptz, p_answers jsonb,
  out events meshhook_engine.fact[], out moments timestamptz[], out status meshhook.run_status, out output jsonb, out error jsonb,
  out frontier jsonb, out unknown text[])
language plpgsql stable as $$
declare
  v_now      timestamptz := p_at;
  v_deadline timestamptz := p_at + make_interval(secs => nullif(p_graph #> '{policy,deadline_ms}', 'null')::float8 / 1000)
    + coalesce((p_answers ->> '.held')::interval, '0');
  v_event    meshhook_engine.fact := row('run.started', null, null, p_started, null)::meshhook_engine.fact;
  v_at       timestamptz;
  v_end      timestamptz := (p_answers #>> '{.end,at}')::timestamptz;
  v_step     text;
  v_times    jsonb := '{}';  -- open step -> {at, seq, draw, met}
  v_fact     meshhook_engine.fact;
  v_draw     float8;
  v_met      boolean;
  v_open     jsonb;          -- what was open before the last event
  v_steps    jsonb;
  v_decision meshhook_engine.decision;
begin
  events := '{}';
  moments := '{}';
  frontier := '{}';
  unknown := '{}';
  loop
    if v_event.type is not null then
      events := events || v_event;
      moments := moments || v_now;
    end if;
    v_decision := meshhook_engine.decide(
      p_graph, p_nodes, frontier, v_event, p_ctx, v_steps, cardinality(events), v_now, coalesce(v_draw, 0.5), 1000, null);
    if v_decision.missing is not null then
      raise exception using
        errcode = 'MH500', message = format('MH_INTERNAL: decide asks for %s, which nothing has told', v_decision.missing),
        detail = '{"code": "MH_INTERNAL"}', hint = 'Report it, with the definition.';
    end if;
    foreach v_fact in array v_decision.effects loop  -- one by one, which does not copy what is there
      events := events || v_fact;
      moments := moments || v_now;
    end loop;
    frontier := v_decision.frontier;
    v_steps := v_decision.steps;
    status := v_decision.status;
    output := v_decision.output;
    error := v_decision.error;
    exit when status <> 'running';
    if cardinality(events) > 10000 then
      raise exception using
        errcode = 'MH422', message = 'MH_SIMULATE_TOO_LONG: after 10000 events the run has not come to its end',
        detail = '{"code": "MH_SIMULATE_TOO_LONG"}', hint = 'Look at the retries: a mock that never succeeds is asked again max_attempts times.';
    end if;
    v_event := null;
    v_open := frontier -> 'open';
    foreach v_step in array v_decision.opened loop  -- when each goes on is worked out once
      continue when v_step = '*';
      v_times := v_times || jsonb_build_object(v_step, meshhook_engine.foresee_time(
        frontier -> 'open' -> v_step, events[(frontier #> array['open', v_step, 'q'])::int].data, p_answers -> v_step,
        coalesce(p_answers -> p_nodes[(frontier #> array['open', v_step, 'i'])::int].id, p_answers -> '*'),
        moments[(frontier #> array['open', v_step, 'q'])::int], p_answers ? '.asked'));
    end loop;
    continue when frontier ? 'rest';

    -- What comes next: the earliest of all answers and timers; of two at one moment the one that was opened first.
    select t.key, (t.value ->> 'at')::timestamptz into v_step, v_at
    from jsonb_each(v_times) t
    where frontier -> 'open' ? t.key and t.value ->> 'at' is not null
    order by greatest((t.value ->> 'at')::timestamptz, v_now), (t.value ->> 'seq')::int, (frontier #> array['open', t.key, 'q'])::int
    limit 1;

    -- Or the end from outside, if that is earlier.
    if v_deadline <= least(v_at, v_end, 'infinity') then
      v_now := v_deadline;
      v_event := row('run.failed', null, null,
        jsonb_build_object('error', meshhook_engine.deadline_error(v_deadline), 'output', null), null)::meshhook_engine.fact;
    elsif v_end <= least(v_at, 'infinity') then
      v_now := v_end;
      v_event := row(p_answers #>> '{.end,type}', null, null, p_answers #> '{.end,data}', null)::meshhook_engine.fact;
    elsif v_at is not null then
      v_now := greatest(v_at, v_now);
      v_draw := (v_times #>> array[v_step, 'draw'])::float8;
      v_met := (v_times #> array[v_step, 'met'])::boolean;
      v_times := v_times - v_step;
      v_event := meshhook_engine.foresee_fact(
        p_nodes, v_step, frontier -> 'open' -> v_step, events[(frontier #> array['open', v_step, 'q'])::int].data,
        p_answers -> v_step,
        coalesce(p_answers -> p_nodes[(frontier #> array['open', v_step, 'i'])::int].id, p_answers -> '*'), v_met, v_now);
      continue;
    else
      exit;
    end if;
    events := events || v_event;
    moments := moments || v_now;
    status := substr(v_event.type::text, 5);
    error := v_event.data -> 'error';
    frontier := meshhook_engine.closed(frontier, status::meshhook.run_status);
    exit;
  end loop;
  unknown := array(
    select o.key from jsonb_each(v_open) o
    where v_times ? o.key and v_times #>> array[o.key, 'at'] is null
      and (status = 'running' or coalesce(v_now > (p_answers ->> '.until')::timestamptz, true)
           or (p_answers #> array['.asked', o.key]) is distinct from meshhook_engine.asked(events[(o.value -> 'q')::int].data))
    order by (o.value -> 'q')::int);
end $$;
