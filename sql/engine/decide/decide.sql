-- The state machine. From the frontier and one event it makes the frontier after it and the events that follow.
--
-- Guarantees: no clock, no random, no table. What depends on the world comes in: the moment of the commit (p_at), the
-- draw for jitter (p_draw), outputs of steps decided earlier (p_ctx.steps). So verify can ask again, years later, and
-- must get the same answer. When an output is needed that p_ctx does not hold, the answer is only its name (missing);
-- the caller loads it and asks again, so nothing is read that no expression looks at.
--
-- A node is a letter of frontier.n:  . pending  o open  s succeeded  f failed  x skipped  c canceled
-- An edge is a letter of frontier.e: . unsettled  t taken  x dead
--
--        .  --ready-->  s | f            pure node, in this segment
--        .  --ready-->  o  --event-->  s | f     call or timer
--        .  --all edges dead-->  x
--
-- A segment stops after p_limit nodes or at p_until (wall clock, to keep one commit short); what is left stands in
-- frontier.rest and goes on with a "continue" event. verify passes the recorded number of steps as p_limit.
--
-- An error in an expression is caught once per segment, not per node: the block is entered again behind the failure.
-- Called by: advance, refold.
create or replace function meshhook_engine.decide(
  p_graph jsonb, p_nodes jsonb[], p_frontier jsonb, p_event jsonb, p_ctx jsonb,
  p_seq int, p_at timestamptz, p_draw float8, p_limit int, p_until timestamptz)
returns meshhook_engine.decision
language plpgsql immutable as $$
declare
  r           meshhook_engine.decision;
  v_kind      text := p_event ->> 'type';
  v_n         text := p_frontier ->> 'n';
  v_e         text := p_frontier ->> 'e';
  v_at        jsonb := p_frontier -> 'at';
  v_open      jsonb := p_frontier -> 'open';
  v_steps     jsonb := coalesce(p_ctx -> 'steps', '{}');
  v_rest      jsonb := p_frontier -> 'rest';
  v_root      jsonb;
  v_queue     int[] := '{}';
  v_head      int := 1;
  v_decided   jsonb := '[]';
  v_skipped   jsonb := '[]';
  v_later     jsonb := '[]';
  v_count     int := 0;
  v_since     bigint := (extract(epoch from p_at) * 1000)::bigint;
  v_segment   int;              -- seq that the segment.decided event will have
  v_i         int;
  v_node      jsonb;
  v_id        text;
  v_type      text;
  v_needs     jsonb;
  v_source    int;
  v_first     int;
  v_unsettled boolean;
  v_letter    text;
  v_links     jsonb;
  v_hop       jsonb;
  v_ports     text[];
  v_done      jsonb;            -- outcome of the node at hand
  v_failure   jsonb;            -- its error
  v_trouble   jsonb;            -- error caught, to be taken up on entering the block again
  v_settled   boolean;
  v_end       jsonb;
  v_last      text;             -- the terminate node that ended the run
  v_name      text;
  v_busy      boolean := false; -- a node is being worked out: an error now is its own
  v_code      text;
  v_message   text;
  v_detail    text;
begin
  r.effects := '[]';
  r.opened := '{}';
  r.status := 'running';
  v_segment := p_seq + 1;
  for k in 0 .. coalesce(jsonb_array_length(v_rest), 0) - 1 loop
    v_queue := v_queue || (v_rest -> k)::int;
  end loop;

  -- What the event itself settles.
  case v_kind
  when 'run.started' then
    v_n := repeat('.', cardinality(p_nodes));
    v_e := repeat('.', jsonb_array_length(p_graph -> 'edges'));
    v_at := '{}';
    v_open := '{}';
    v_links := p_graph -> 'start';
    for k in 0 .. jsonb_array_length(v_links) - 1 loop
      v_i := (v_links -> k)::int;
      v_e := overlay(v_e placing 't' from v_i + 1 for 1);
      v_queue := v_queue || (p_graph #> array['edges', v_i::text, '1'])::int;
    end loop;
  when 'continue' then
    null;  -- the rest of a segment that was cut short is queued already
  when 'call.attempted', 'timer.fired' then
    v_id := p_event ->> 'step';
    v_i := (v_open #>> array[v_id, 'i'])::int;
    v_node := p_nodes[v_i + 1];
    if v_kind = 'timer.fired' then
      v_done := jsonb_build_object('output', jsonb_build_object('woke_at', meshhook_engine.iso(p_at)));
      v_at := v_at || jsonb_build_object(v_id, p_seq);
    else
      v_done := meshhook_engine.judge(v_node, p_event -> 'data', (v_open -> v_id), p_at, p_draw);
      if v_done ? 'retry' then
        v_end := v_done -> 'retry';
        r.effects := jsonb_build_array(jsonb_build_object('type', 'retry.scheduled', 'step', v_id, 'attempt', v_end -> 'attempt', 'data', v_end - 'attempt'));
        v_open := jsonb_set(v_open, array[v_id], (v_open -> v_id) || jsonb_build_object('a', v_end -> 'attempt', 'due', v_end -> 'due'));
        r.opened := array[v_id];
        r.frontier := p_frontier || jsonb_build_object('open', v_open);
        r.steps := v_steps;
        return r;
      end if;
      r.effects := jsonb_build_array(jsonb_build_object(
        'type', case when v_done ? 'error' then 'call.failed' else 'call.succeeded' end,
        'step', v_id, 'attempt', p_event -> 'attempt', 'data', v_done -> 'data'));
      v_segment := p_seq + 2;
      v_at := v_at || jsonb_build_object(v_id, p_seq + 1);
      v_failure := v_done -> 'error';
    end if;
    v_open := v_open - v_id;
    v_settled := true;
  else
    raise exception using
      errcode = 'MH500', message = format('MH_EVENT_UNKNOWN: decide knows no event %L', v_kind),
      detail = '{"code": "MH_EVENT_UNKNOWN"}', hint = 'The log holds an event that this version does not know; upgrade it.';
  end case;

  <<segment>>
  loop
    begin
      if v_trouble is not null then
        v_failure := v_trouble || jsonb_build_object('step', v_id);
        v_trouble := null;
        v_done := null;
        v_settled := true;
      end if;

      loop
        -- Settle the node at hand: record it, take or kill its outgoing edges, queue what they lead to.
        if v_settled then
          v_settled := false;
          v_links := v_node -> 'next';
          v_letter := 's';
          v_ports := null;
          if v_failure is not null then
            v_letter := 'f';
            v_done := jsonb_build_object('output', jsonb_build_object('error', v_failure));
            if v_node #> '{out,error,0}' is not null then
              v_ports := '{error}';
            elsif v_node ->> 'on_error' = 'continue' then
              v_ports := '{out}';
            end if;
          elsif v_done ? 'ports' then
            v_ports := array(select jsonb_array_elements_text(v_done -> 'ports'));
          else
            v_ports := '{out}';
          end if;
          v_n := overlay(v_n placing v_letter from v_i + 1 for 1);
          v_steps := v_steps || jsonb_build_object(v_id, v_done -> 'output');
          if v_count > 0 then  -- a pure node: calls and timers are recorded by their own events
            v_at := v_at || jsonb_build_object(v_id, v_segment);
            v_decided := v_decided || case
              when v_failure is not null then jsonb_build_object('step', v_id, 'error', v_failure)
              when v_done ? 'ports' then jsonb_build_object('step', v_id, 'ports', v_done -> 'ports')
              else jsonb_build_object('step', v_id, 'output', v_done -> 'output') end;
          end if;
          if v_ports is null then
            r.status := 'failed';
            r.error := v_failure;
            exit segment;
          end if;
          v_failure := null;
          for k in 0 .. jsonb_array_length(v_links) - 1 loop
            v_hop := v_links -> k;
            v_e := overlay(v_e placing case when (v_hop ->> 2) = any (v_ports) then 't' else 'x' end from (v_hop -> 0)::int + 1 for 1);
            v_queue := v_queue || (v_hop -> 1)::int;
          end loop;
        end if;

        exit segment when v_head > cardinality(v_queue);
        if v_count >= p_limit or (v_count > 0 and clock_timestamp() > p_until) then
          exit segment;
        end if;

        -- Is the next candidate ready?
        v_i := v_queue[v_head];
        v_head := v_head + 1;
        continue when substr(v_n, v_i + 1, 1) <> '.';
        v_node := p_nodes[v_i + 1];
        v_links := v_node -> 'in';
        v_first := null;
        v_unsettled := false;
        for k in 0 .. jsonb_array_length(v_links) - 1 loop
          v_letter := substr(v_e, (v_links -> k)::int + 1, 1);
          if v_letter = 't' then
            v_first := coalesce(v_first, (v_links -> k)::int);
          elsif v_letter = '.' then
            v_unsettled := true;
          end if;
        end loop;
        if v_unsettled then
          continue when v_first is null or v_node ->> 'join' <> 'any';
        end if;
        v_id := v_node ->> 'id';

        if v_first is null then
          -- Every way here is dead: skip the node, kill what follows it.
          v_n := overlay(v_n placing 'x' from v_i + 1 for 1);
          v_skipped := v_skipped || to_jsonb(v_id);
          v_links := v_node -> 'next';
          for k in 0 .. jsonb_array_length(v_links) - 1 loop
            v_e := overlay(v_e placing 'x' from (v_links #> array[k::text, '0'])::int + 1 for 1);
            v_queue := v_queue || (v_links #> array[k::text, '1'])::int;
          end loop;
          continue;
        end if;

        -- Gather what its expressions look at.
        v_needs := v_node -> 'needs';
        v_root := jsonb_build_object('run', p_ctx -> 'run', 'vars', p_ctx -> 'vars');
        if (v_needs -> 'trigger')::boolean then
          if not p_ctx ? 'trigger' then
            r.missing := array['trigger'];
            return r;
          end if;
          v_root := v_root || jsonb_build_object('trigger', p_ctx -> 'trigger');
        end if;
        if (v_needs -> 'vars')::boolean and not p_ctx ? 'vars' then
          r.missing := array['vars'];
          return r;
        end if;
        if (v_needs -> 'input')::boolean then
          v_source := (p_graph #> array['edges', v_first::text, '0'])::int;
          if v_source < 0 then
            if not p_ctx ? 'trigger' then
              r.missing := array['trigger'];
              return r;
            end if;
            v_root := v_root || jsonb_build_object('input', p_ctx #> '{trigger,body}');
          else
            v_name := p_nodes[v_source + 1] ->> 'id';
            if not v_steps ? v_name then
              r.missing := array[v_name];
              return r;
            end if;
            v_root := v_root || jsonb_build_object('input', v_steps -> v_name);
          end if;
        end if;
        v_links := v_needs -> 'steps';
        for k in 0 .. jsonb_array_length(v_links) - 1 loop
          v_name := v_links ->> k;
          if v_name = '*' then
            r.missing := array(select key from jsonb_object_keys(v_at) key where not v_steps ? key);
            if r.missing <> '{}' then
              return r;
            end if;
            r.missing := null;
          elsif v_at ? v_name and not v_steps ? v_name then
            r.missing := array[v_name];
            return r;
          end if;
        end loop;
        if v_links <> '[]' then
          v_root := v_root || jsonb_build_object('steps', v_steps);
        end if;

        -- Do it.
        v_count := v_count + 1;
        v_busy := true;
        v_type := v_node ->> 'type';
        if v_type = 'transform' then
          v_done := jsonb_build_object('output', meshhook_engine.node_transform(v_node, v_root));
          v_settled := true;
        elsif v_type = 'branch' then
          v_done := meshhook_engine.node_branch(v_node, v_root);
          v_settled := true;
        elsif v_type = 'http_call' then
          v_done := meshhook_engine.node_http_call(v_node, v_root, p_ctx -> 'run');
          v_n := overlay(v_n placing 'o' from v_i + 1 for 1);
          v_later := v_later || jsonb_build_object('type', 'call.scheduled', 'step', v_id, 'attempt', 1, 'data', v_done);
          v_open := v_open || jsonb_build_object(v_id, jsonb_build_object('i', v_i, 'a', 1, 'since', v_since));
          r.opened := r.opened || v_id;
        elsif v_type = 'delay' then
          v_done := meshhook_engine.node_delay(v_node, v_root, p_at);
          v_n := overlay(v_n placing 'o' from v_i + 1 for 1);
          v_later := v_later || jsonb_build_object('type', 'timer.set', 'step', v_id, 'data', v_done);
          v_open := v_open || jsonb_build_object(v_id, jsonb_build_object('i', v_i, 'due', v_done -> 'due'));
          r.opened := r.opened || v_id;
        elsif v_type = 'terminate' then
          v_end := meshhook_engine.node_terminate(v_node, v_root);
          v_n := overlay(v_n placing 's' from v_i + 1 for 1);
          v_last := v_id;  -- recorded by the event that ends the run
          r.status := (v_end ->> 'status')::meshhook.run_status;
          r.output := v_end -> 'output';
          r.error := v_end -> 'error';
          exit segment;
        else
          raise exception using errcode = 'MH422', message = format('MH_NODE_TYPE: this version runs no node of type %L', v_type);
        end if;
        v_busy := false;
      end loop;
    exception
      when others then
        if not v_busy then
          raise;
        end if;
        v_busy := false;
        get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail;
        v_trouble := meshhook_engine.trouble(v_code, v_message, v_detail);
    end;
  end loop;

  -- What is left when nothing is ready any more.
  r.frontier := jsonb_build_object('n', v_n, 'e', v_e, 'at', v_at, 'open', v_open);
  if r.status = 'running' then
    if v_head <= cardinality(v_queue) then
      r.frontier := r.frontier || jsonb_build_object('rest', to_jsonb(v_queue[v_head:]));
      r.opened := r.opened || '*'::text;
    elsif v_open = '{}' then
      r.status := 'succeeded';
      v_links := p_graph -> 'ends';
      r.missing := array(
        select p_nodes[i::int + 1] ->> 'id' from jsonb_array_elements_text(v_links) i
        where v_at ? (p_nodes[i::int + 1] ->> 'id') and not v_steps ? (p_nodes[i::int + 1] ->> 'id'));
      if r.missing <> '{}' then
        return r;
      end if;
      r.missing := null;
      if jsonb_array_length(v_links) = 1 then
        r.output := v_steps -> (p_nodes[(v_links -> 0)::int + 1] ->> 'id');
      else
        r.output := (
          select coalesce(jsonb_object_agg(id, v_steps -> id), '{}')
          from (select p_nodes[i::int + 1] ->> 'id' as id from jsonb_array_elements_text(v_links) i) ends
          where v_steps ? id);
      end if;
    end if;
  end if;
  if v_decided <> '[]' or v_skipped <> '[]' or r.frontier ? 'rest' then
    v_done := '{}';
    if v_decided <> '[]' then
      v_done := v_done || jsonb_build_object('steps', v_decided);
    end if;
    if v_skipped <> '[]' then
      v_done := v_done || jsonb_build_object('skipped', v_skipped);
    end if;
    if r.frontier ? 'rest' then
      v_done := v_done || jsonb_build_object('cut_after', v_count);
    end if;
    r.effects := r.effects || jsonb_build_object('type', 'segment.decided', 'data', v_done);
  end if;
  for k in 0 .. jsonb_array_length(v_later) - 1 loop
    -- An open step knows where its intent is recorded.
    v_id := v_later -> k ->> 'step';
    v_open := v_open || jsonb_build_object(v_id, (v_open -> v_id) || jsonb_build_object('q', p_seq + jsonb_array_length(r.effects) + 1 + k));
  end loop;
  r.effects := r.effects || v_later;
  r.steps := v_steps;
  r.frontier := r.frontier || jsonb_build_object('open', v_open);
  if r.status <> 'running' then
    v_done := jsonb_build_object('type', 'run.' || r.status, 'data',
      case when r.error is null then jsonb_build_object('output', r.output) else jsonb_build_object('error', r.error, 'output', r.output) end);
    if v_last is not null then
      v_done := v_done || jsonb_build_object('step', v_last);
      v_at := v_at || jsonb_build_object(v_last, p_seq + jsonb_array_length(r.effects) + 1);
    end if;
    r.effects := r.effects || v_done;
    r.frontier := jsonb_build_object('n', replace(v_n, 'o', 'c'), 'e', v_e, 'at', v_at);
    r.opened := '{}';
  end if;
  return r;
end $$;
