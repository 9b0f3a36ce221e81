-- The state machine. From the frontier and one event it makes the frontier after it and the facts that follow.
--
-- Guarantees: no clock (but to cut a segment short), no random, no table. What depends on the world comes in: the moment of
-- the commit (p_at), the draw for jitter (p_draw), outputs decided earlier (p_steps). So verify can ask again, years later,
-- and must get the same answer. When something is needed that did not come in, the answer is only its name (missing); the
-- caller loads it and asks again, so nothing is read that no expression looks at.
--
-- A node is a letter of frontier.n:  . pending  o open  s succeeded  f failed  x skipped  c canceled
-- An edge is a letter of frontier.e: . unsettled  t taken  x dead
--
--        .  --ready-->  s | f                        pure node, in this segment
--        .  --ready-->  o  --event-->  s | f         call, timer, signal, approval or run called
--        .  --all edges dead-->  x
--
-- A segment stops after p_limit nodes or when p_budget is spent (to keep one commit short); what is left stands in frontier.rest and goes
-- on with a "continue" event. Where it stopped is recorded (cut_after), and verify passes that as p_limit.
--
-- An error in an expression is caught once a segment, not once a node: the block is entered again behind the failure.
-- Hot: each statement counts. Called by: accept, start, advance, refold.
create or replace function meshhook_engine.decide(
  p_graph jsonb, p_nodes meshhook_engine.node[], p_frontier jsonb, p_event meshhook_engine.fact, p_ctx jsonb, p_steps jsonb,
  p_seq int, p_at timestamptz, p_draw float8, p_limit int, p_budget interval)
returns meshhook_engine.decision
language plpgsql immutable as $$
declare
  r           meshhook_engine.decision;
  node        meshhook_engine.node;
  v_n         text := p_frontier ->> 'n';
  v_e         text := p_frontier ->> 'e';
  v_at        jsonb := p_frontier -> 'at';
  v_open      jsonb := p_frontier -> 'open';
  v_reply     jsonb := p_frontier -> 'reply';  -- the step that answered a caller that waits; the first one does
  v_steps     jsonb := coalesce(p_steps, '{}');
  v_queue     int[] := '{}'::int[];    -- nodes that may be ready, numbered from 1
  v_head      int := 1;
  v_decided   jsonb := '[]'::jsonb;
  v_skipped   jsonb := '[]'::jsonb;
  v_later     meshhook_engine.fact[] := '{}'::meshhook_engine.fact[];
  v_segment   int := p_seq + 1; -- seq that the segment.decided event will have
  v_count     int := 0;
  v_limit     int := p_limit;
  v_pure      boolean := true;  -- the node being settled belongs to this segment's event
  v_settled   boolean := false;
  v_i         int;
  v_first     int;              -- position of the first taken edge among node.ins
  v_letter    text;
  v_wanting   boolean;
  v_root      jsonb;
  v_out       jsonb;
  v_ports     text[];
  v_failure   jsonb;
  v_done      jsonb;
  v_last      text;             -- the terminate node that ended the run
  v_troubles  int := 0;
  v_until     timestamptz;      -- when the budget is spent; counted from the second node on, a cold session's first one is slow
  v_code      text;
  v_message   text;
  v_detail    text;
begin
  r.effects := '{}'::meshhook_engine.fact[];
  r.opened := '{}'::text[];
  r.status := 'running'::meshhook.run_status;

  -- What the event itself settles.
  if p_event.type = 'run.started' or p_event.step = '*' then  -- * is the timer of a delayed start
    v_n := repeat('.', cardinality(p_nodes));
    v_e := repeat('.', jsonb_array_length(p_graph -> 'edges'));
    v_at := '{}'::jsonb;
    v_open := '{}'::jsonb;
    for k in 0 .. jsonb_array_length(p_graph -> 'start') - 1 loop
      v_i := (p_graph -> 'start' -> k)::int;
      v_e := overlay(v_e placing 't' from v_i + 1 for 1);
      v_queue := v_queue || (p_graph -> 'edges' -> v_i -> 1)::int + 1;
    end loop;
  else
    if p_frontier ? 'rest' then
      v_queue := array(select jsonb_array_elements_text(p_frontier -> 'rest')::int);
    end if;
    if p_event.type = 'call.attempted' then
      v_i := (v_open -> p_event.step -> 'i')::int;
      node := p_nodes[v_i];
      v_done := meshhook_engine.judge(node.spec, p_event.data, v_open -> p_event.step, p_at, p_draw);
      if v_done ? 'retry' then
        v_done := v_done -> 'retry';
        r.effects := array[row('retry.scheduled', node.id, (v_done -> 'attempt')::int2, v_done - 'attempt', null)::meshhook_engine.fact];
        r.frontier := jsonb_set(p_frontier, array['open', node.id],
          (v_open -> node.id) || jsonb_build_object('a', v_done -> 'attempt', 'due', v_done -> 'due'));
        r.opened := array[node.id];
        r.steps := v_steps;
        return r;
      end if;
      v_failure := v_done -> 'error';
      v_out := v_done -> 'output';
      r.effects := array[row(
        case when v_failure is null then 'call.succeeded' else 'call.failed' end, node.id, p_event.attempt, v_done -> 'data', null)::meshhook_engine.fact];
      v_segment := p_seq + 2;
      v_at := v_at || jsonb_build_object(node.id, p_seq + 1);
      v_open := v_open - node.id;
      v_pure := false;
      v_settled := true;
    elsif p_event.type in ('timer.fired', 'signal.received', 'child.finished') then
      v_i := (v_open -> p_event.step -> 'i')::int;
      node := p_nodes[v_i];
      if node.kind = 'delay' then
        v_out := jsonb_build_object('woke_at', meshhook_engine.iso(p_at));
      else
        v_done := meshhook_engine.met(node, p_event, p_at);
        v_out := v_done -> 'output';
        v_failure := v_done -> 'error';
        v_ports := array[v_done ->> 'port'];
      end if;
      v_at := v_at || jsonb_build_object(node.id, p_seq);
      v_open := v_open - node.id;
      v_pure := v_failure is not null;  -- a failure is not in the event
      v_settled := true;
    elsif p_event.type = 'run.continued' then  -- somebody says what the step gives; a branch, which ports it takes
      v_i := (v_open -> p_event.step -> 'i')::int;
      node := p_nodes[v_i];
      v_out := p_event.data -> 'output';
      if node.kind = 'branch' then
        v_ports := array(select jsonb_array_elements_text(v_out));
      end if;
      v_at := v_at || jsonb_build_object(node.id, p_seq);
      v_open := v_open - node.id;
      v_pure := false;
      v_settled := true;
    elsif p_event.type is not null then  -- null goes on with a segment that was cut short
      raise exception using
        errcode = 'MH500', message = format('MH_EVENT_UNKNOWN: decide knows no event %L', p_event.type),
        detail = '{"code": "MH_EVENT_UNKNOWN"}', hint = 'The log holds an event that this version does not know; upgrade it.';
    end if;
  end if;

  <<segment>>
  loop
    begin
      loop
        -- Settle the node at hand: record it, take or kill its outgoing edges, queue what they lead to.
        if v_settled then
          v_settled := false;
          if v_failure is not null then
            v_letter := 'f';
            v_out := jsonb_build_object('error', v_failure);
            v_ports := case when node.on_failure then '{error}'::text[] when node.go_on then '{out}' end;
          else
            v_letter := 's';
            v_ports := coalesce(v_ports, '{out}');
          end if;
          v_n := overlay(v_n placing v_letter from v_i for 1);
          v_steps := v_steps || jsonb_build_object(node.id, v_out);
          if v_pure then
            v_at := v_at || jsonb_build_object(node.id, v_segment);
            v_decided := v_decided || case
              when v_failure is not null then jsonb_build_object('step', node.id, 'error', v_failure)
              when node.kind = 'branch' then jsonb_build_object('step', node.id, 'ports', v_out)
              else jsonb_build_object('step', node.id, 'output', v_out) end;
          end if;
          if v_ports is null then
            r.status := 'failed'::meshhook.run_status;
            r.error := v_failure;
            exit segment;
          end if;
          for k in 1 .. cardinality(node.next_edges) loop
            v_e := overlay(v_e placing case when node.next_ports[k] = any (v_ports) then 't' else 'x' end from node.next_edges[k] for 1);
          end loop;
          v_queue := v_queue || node.next_nodes;
          v_failure := null;
          v_ports := null;
          v_pure := true;
        end if;

        -- Is the next candidate ready?
        exit segment when v_head > cardinality(v_queue) or v_count >= v_limit;
        v_i := v_queue[v_head];
        v_head := v_head + 1;
        node := p_nodes[v_i];
        if cardinality(node.ins) = 1 then
          v_first := case when substr(v_e, node.ins[1], 1) = 't' then 1 end;
        else
          continue when substr(v_n, v_i, 1) <> '.';
          v_first := null;
          v_wanting := false;
          for k in 1 .. cardinality(node.ins) loop
            v_letter := substr(v_e, node.ins[k], 1);
            if v_letter = 't' then
              v_first := coalesce(v_first, k);
            elsif v_letter = '.' then
              v_wanting := true;
            end if;
          end loop;
          continue when v_wanting and (v_first is null or not node.any_join);
        end if;

        if v_first is null then
          -- Every way here is dead: skip the node, kill what follows it.
          v_n := overlay(v_n placing 'x' from v_i for 1);
          v_skipped := v_skipped || to_jsonb(node.id);
          for k in 1 .. cardinality(node.next_edges) loop
            v_e := overlay(v_e placing 'x' from node.next_edges[k] for 1);
          end loop;
          v_queue := v_queue || node.next_nodes;
          continue;
        end if;

        -- What its expressions look at.
        case node.mask
        when 'T' then
          v_root := p_ctx;
          v_wanting := not p_ctx ? 'trigger';
        when 'S' then
          v_root := jsonb_build_object('steps', v_steps);
          v_wanting := not v_steps ?& node.steps;
        when '' then
          v_root := '{}'::jsonb;
          v_wanting := false;
        else
          v_root := p_ctx || jsonb_build_object('steps', v_steps);
          if position('I' in node.mask) > 0 then
            v_root := v_root || jsonb_build_object('input', case
              when node.sources[v_first] = 0 then p_ctx #> '{trigger,body}' else v_steps -> p_nodes[node.sources[v_first]].id end);
          end if;
          v_wanting := true;  -- look closer
        end case;
        if v_wanting then
          r.missing := meshhook_engine.missing(node, node.sources[v_first], p_nodes, p_ctx, v_steps, v_at);
          if r.missing is not null then
            return r;
          end if;
        end if;

        -- Do it.
        v_count := v_count + 1;
        if v_count = 2 then
          v_until := clock_timestamp() + p_budget;
        elsif v_count > 2 and clock_timestamp() > v_until then
          v_limit := v_count;  -- this one is the last; asked here only, so that where a segment stops follows from the count alone
        end if;
        if node.kind = 'transform' then
          v_out := meshhook_engine.node_transform(node.spec, v_root);
          v_settled := true;
        elsif node.kind = 'branch' then
          v_ports := meshhook_engine.node_branch(node.spec, v_root);
          v_out := to_jsonb(v_ports);
          v_settled := true;
        elsif node.kind = 'http_call' then
          v_later := v_later || row('call.scheduled', node.id, 1, meshhook_engine.node_http_call(node.spec, v_root, p_ctx -> 'run'), null)::meshhook_engine.fact;
          v_n := overlay(v_n placing 'o' from v_i for 1);
          v_open := v_open || jsonb_build_object(node.id, jsonb_build_object('i', v_i, 'a', 1, 'since', (extract(epoch from p_at) * 1000)::bigint));
          r.opened := r.opened || node.id;
        elsif node.kind = 'delay' then
          v_done := meshhook_engine.node_delay(node.spec, v_root, p_at);
          v_later := v_later || row('timer.set', node.id, null, v_done, null)::meshhook_engine.fact;
          v_n := overlay(v_n placing 'o' from v_i for 1);
          v_open := v_open || jsonb_build_object(node.id, jsonb_build_object('i', v_i, 'due', v_done -> 'due'));
          r.opened := r.opened || node.id;
        elsif node.kind in ('wait', 'call') then
          v_done := case node.kind
            when 'wait' then to_jsonb(meshhook_engine.node_wait(node.spec, v_root, p_at))
            else to_jsonb(meshhook_engine.node_call(node.spec, v_root, p_ctx -> 'run', p_seq, p_at)) end;
          v_later := v_later || row(case node.kind when 'wait' then 'signal.awaited' else 'child.started' end, node.id, null, v_done -> 'data', null)::meshhook_engine.fact;
          v_n := overlay(v_n placing 'o' from v_i for 1);
          v_open := v_open || jsonb_build_object(node.id, v_done -> 'open' || jsonb_build_object('i', v_i));
          r.opened := r.opened || node.id;
        elsif node.kind = 'respond' then
          v_out := meshhook_engine.node_respond(node.spec, v_root);
          v_reply := coalesce(v_reply, to_jsonb(node.id));
          v_settled := true;
        elsif node.kind = 'xml' then
          v_out := meshhook_engine.node_xml(node.spec, v_root);
          v_settled := true;
        elsif node.kind = 'terminate' then
          v_done := meshhook_engine.node_terminate(node.spec, v_root);
          v_n := overlay(v_n placing 's' from v_i for 1);
          v_last := node.id;  -- recorded by the event that ends the run
          r.status := (v_done ->> 'status')::meshhook.run_status;
          r.output := v_done -> 'output';
          r.error := v_done -> 'error';
          exit segment;
        else
          raise exception using errcode = 'MH422', message = format('MH_NODE_TYPE: this version runs no node of type %L', node.kind);
        end if;
      end loop;
    exception
      when others then
        v_troubles := v_troubles + 1;
        if v_troubles > cardinality(p_nodes) then
          raise;  -- not an expression's: a node fails once
        end if;
        get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail;
        v_failure := meshhook_engine.trouble(v_code, v_message, v_detail) || jsonb_build_object('step', node.id);
        v_settled := true;
    end;
  end loop;

  -- What is left when nothing is ready any more.
  if r.status = 'running' and v_head > cardinality(v_queue) and v_open = '{}' then
    r.status := 'succeeded'::meshhook.run_status;
    r.missing := array(
      select p_nodes[i::int + 1].id from jsonb_array_elements_text(p_graph -> 'ends') i
      where v_at ? p_nodes[i::int + 1].id and not v_steps ? p_nodes[i::int + 1].id);
    if r.missing <> '{}' then
      return r;
    end if;
    r.missing := null;
    if jsonb_array_length(p_graph -> 'ends') = 1 then
      r.output := v_steps -> p_nodes[(p_graph -> 'ends' -> 0)::int + 1].id;
    else
      r.output := (
        select coalesce(jsonb_object_agg(e.id, v_steps -> e.id), '{}')
        from (select p_nodes[i::int + 1].id as id from jsonb_array_elements_text(p_graph -> 'ends') i) e
        where v_steps ? e.id);
    end if;
  end if;

  v_wanting := r.status = 'running' and v_head <= cardinality(v_queue);  -- cut short
  -- The rest of a cut segment leaves a record even when nothing came of it: else nobody could tell that it was gone through.
  if v_wanting or v_decided <> '[]' or v_skipped <> '[]' or p_event.type is null then
    r.effects := r.effects || row('segment.decided', null, null,
      case when v_decided = '[]' then '{}' else jsonb_build_object('steps', v_decided) end
      || case when v_skipped = '[]' then '{}'::jsonb else jsonb_build_object('skipped', v_skipped) end
      || case when v_wanting then jsonb_build_object('cut_after', v_count) else '{}' end, null)::meshhook_engine.fact;
  end if;
  for k in 1 .. cardinality(v_later) loop
    -- An open step knows where its intent is recorded.
    v_code := v_later[k].step;
    v_open := v_open || jsonb_build_object(v_code, (v_open -> v_code) || jsonb_build_object('q', p_seq + cardinality(r.effects) + k));
  end loop;
  r.effects := r.effects || v_later;
  r.steps := v_steps;
  if r.status = 'running' then
    r.frontier := jsonb_build_object('n', v_n, 'e', v_e, 'at', v_at, 'open', v_open);
    if v_reply is not null then
      r.frontier := r.frontier || jsonb_build_object('reply', v_reply);
    end if;
    if v_wanting then
      r.frontier := r.frontier || jsonb_build_object('rest', to_jsonb(v_queue[v_head:]));
      r.opened := r.opened || '*'::text;
    end if;
    return r;
  end if;
  if v_last is not null then
    v_at := v_at || jsonb_build_object(v_last, p_seq + cardinality(r.effects) + 1);
  end if;
  r.effects := r.effects || row(('run.' || r.status)::meshhook.event_type, v_last, null,
    case when r.error is null then jsonb_build_object('output', r.output)
         else jsonb_build_object('error', r.error, 'output', r.output) end, null)::meshhook_engine.fact;
  r.frontier := jsonb_build_object('n', replace(v_n, 'o', 'c'), 'e', v_e, 'at', v_at);
  if v_reply is not null then
    r.frontier := r.frontier || jsonb_build_object('reply', v_reply);
  end if;
  if r.status = 'failed' then
    r.frontier := r.frontier || meshhook_engine.left_open(v_open, p_frontier -> 'open', r.error ->> 'step');
  end if;
  r.opened := '{}'::text[];
  return r;
end $$;
