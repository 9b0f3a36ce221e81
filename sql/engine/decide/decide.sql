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
--        .  --ready-->  o  --event-->  s | f         call, timer, signal, approval, run called or loop
--        .  --all edges dead-->  x
--
-- A segment stops after p_limit nodes or when p_budget is spent (to keep one commit short); what is left stands in frontier.rest and goes
-- on with a "continue" event. Where it stopped is recorded (cut_after), and verify passes that as p_limit.
--
-- Loops. The walk is always in one scope: the workflow's own graph ('') or one iteration of a loop (each[3], and each[3].deep[0]
-- within). A scope has its own letters, outputs and queue; nodes of all graphs stand in p_nodes, those of a body behind each
-- other, so that a letter's place is the node's number less v_base. What is said of a step to the outside (facts, frontier.open,
-- errors) names it by its path: v_prefix || node.id. Only iterations that wait for something stand in the frontier
-- (frontier.its); of the others a loop knows their number (frontier.loops), and their results are read from the log when the
-- last one is over. docs/decisions/0011 has the reasons.
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
  v_said      jsonb;            -- what it said, when it stands within a loop
  v_steps     jsonb := coalesce(p_steps, '{}');
  v_queue     int[] := '{}'::int[];    -- nodes that may be ready, numbered from 1
  v_head      int := 1;
  v_decided   jsonb[] := '{}'::jsonb[];
  v_skipped   text[] := '{}'::text[];
  v_later     meshhook_engine.fact[] := '{}'::meshhook_engine.fact[];
  v_segment   int := p_seq + 1; -- seq that the segment.decided event will have
  v_count     int := 0;
  v_limit     int := p_limit;
  v_pure      boolean := true;  -- the node being settled belongs to this segment's event,
  v_own       int;              -- else to the event with this seq
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
  -- The scope the walk is in; null between two of them.
  v_scope     text := '';
  v_prefix    text := '';
  v_base      int := 0;
  v_goto      text;             -- the scope to go to next; > for another iteration of the loop last in the agenda
  v_main_n    text;             -- the workflow's own scope while the walk is elsewhere
  v_main_e    text;
  v_main_at   jsonb;
  v_main_rest int[];
  v_local     jsonb;            -- outputs within this iteration
  v_index     int;
  v_item      jsonb;            -- null until somebody looks at it
  v_over      jsonb;            -- how this iteration has ended before its time: {"output"} or {"error"}
  -- Loops; all null in a run without any.
  v_loops     jsonb;            -- path -> state, as in the frontier; the one at hand is in the variables below
  v_its       jsonb;            -- path of an iteration that waits -> its letters
  v_locals    jsonb;            -- path of such an iteration -> outputs within it, as far as they are known
  v_agenda    text[];           -- loops that may start another iteration, the last one first
  v_rests     text[];           -- iterations that were cut short
  v_lists     jsonb[];          -- items of the loops that began in this commit, and whose they are
  v_lists_of  text[];
  v_begun     meshhook_engine.fact[];
  v_known     jsonb;            -- what came in of items and results, as r.steps hands it on: .items .pieces .lists .done
  v_results   jsonb[];          -- results of iterations that are over: which loop's, of which iteration
  v_result_of text[];
  v_result_at int[];
  v_gave_up   boolean;          -- open steps were given up
  v_summary   jsonb;            -- what the log says of a loop's output instead of repeating it
  -- The loop at hand.
  v_loop      text;
  v_state     jsonb;
  v_each      int;
  v_within    text;             -- the scope it stands in
  v_size      int;
  v_next      int;              -- the next iteration to start
  v_left      int;              -- iterations that are not over
  v_bad       int;              -- iterations that failed
  v_lanes     int;
  v_collect   boolean;
  v_body_base int;
  v_blank_n   text;
  v_blank_e   text;
  v_begin     int[];
  v_ends      text[];
  v_slot      int;
begin
  r.effects := '{}'::meshhook_engine.fact[];
  r.opened := '{}'::text[];
  r.status := 'running'::meshhook.run_status;

  -- What the event itself settles.
  if p_event.type = 'run.started' or p_event.step = '*' then  -- * is the timer of a delayed start
    v_n := repeat('.', coalesce((p_graph -> 'size')::int, cardinality(p_nodes)));
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
    if p_frontier ? 'loops' then
      v_loops := p_frontier -> 'loops';
      v_its := p_frontier -> 'its';
      v_locals := coalesce(v_steps -> '.local', '{}');
      v_known := coalesce(meshhook_engine.pick(v_steps, '{.items,.pieces,.lists,.done}'), '{}');
      v_steps := v_steps - '{.local,.items,.pieces,.lists,.done,.said}'::text[];
      v_agenda := '{}'::text[];
      v_rests := '{}'::text[];
      if p_frontier ? 'rest' then
        v_rests := array(select i.key from jsonb_each(v_its) i where i.value ? 'rest');
        v_agenda := array(select l.key from jsonb_each(v_loops) l
          where meshhook_engine.may_start(l.value, p_nodes[(l.value -> 'i')::int].spec));
      end if;
    end if;
    if p_event.step is not null then
      v_i := (v_open -> p_event.step -> 'i')::int;
      node := p_nodes[v_i];
      if node.id <> p_event.step then  -- within a loop
        v_goto := left(p_event.step, -length(node.id) - 1);
        node.spec := node.spec || jsonb_build_object('id', p_event.step);
        v_rests := array_remove(v_rests, v_goto);
        v_main_n := v_n;
        v_main_e := v_e;
        v_main_at := v_at;
        v_main_rest := v_queue;
      end if;
    end if;
    if p_event.type = 'call.attempted' then
      v_done := meshhook_engine.judge(node.spec, p_event.data, v_open -> p_event.step, p_at, p_draw);
      if v_done ? 'retry' then
        v_done := v_done -> 'retry';
        r.effects := array[row('retry.scheduled', p_event.step, (v_done -> 'attempt')::int2, v_done - 'attempt', null)::meshhook_engine.fact];
        r.frontier := jsonb_set(p_frontier, array['open', p_event.step],
          (v_open -> p_event.step) || jsonb_build_object('a', v_done -> 'attempt', 'due', v_done -> 'due'));
        r.opened := array[p_event.step];
        r.steps := coalesce(p_steps, '{}');
        return r;
      end if;
      v_failure := v_done -> 'error';
      v_out := v_done -> 'output';
      r.effects := array[row(
        case when v_failure is null then 'call.succeeded' else 'call.failed' end, p_event.step, p_event.attempt, v_done -> 'data', null)::meshhook_engine.fact];
      v_segment := p_seq + 2;
      v_own := p_seq + 1;
      v_open := v_open - p_event.step;
      v_pure := false;
      v_settled := true;
    elsif p_event.type in ('timer.fired', 'signal.received', 'child.finished') then
      if node.kind = 'delay' then
        v_out := jsonb_build_object('woke_at', meshhook_engine.iso(p_at));
      else
        v_done := meshhook_engine.met(node, p_event, p_at);
        v_out := v_done -> 'output';
        v_failure := v_done -> 'error';
        v_ports := array[v_done ->> 'port'];
      end if;
      v_own := p_seq;
      v_open := v_open - p_event.step;
      v_pure := v_failure is not null;  -- a failure is not in the event
      v_settled := true;
    elsif p_event.type = 'run.continued' then  -- somebody says what the step gives; a branch, which ports it takes
      v_out := p_event.data -> 'output';
      if node.kind = 'branch' then
        v_ports := array(select jsonb_array_elements_text(v_out));
      end if;
      v_own := p_seq;
      v_open := v_open - p_event.step;
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
        -- Go to another scope.
        if v_goto is not null then
          v_code := case v_goto when '>' then v_agenda[cardinality(v_agenda)] when '' then null else meshhook_engine.loop_of(v_goto) end;
          if v_code <> v_loop or v_code is not null and v_loop is null then
            if v_loop is not null then
              v_loops := v_loops || jsonb_build_object(v_loop, v_state || jsonb_build_object('next', v_next, 'left', v_left, 'bad', v_bad));
            end if;
            v_loop := v_code;
            v_state := v_loops -> v_loop;
            v_each := (v_state -> 'i')::int;
            v_within := v_state ->> 'in';
            v_size := (v_state -> 'size')::int;
            v_next := (v_state -> 'next')::int;
            v_left := (v_state -> 'left')::int;
            v_bad := (v_state -> 'bad')::int;
            v_done := p_nodes[v_each].spec;
            v_lanes := (v_done -> 'concurrency')::int;
            v_collect := (v_done -> 'collect')::boolean;
            v_done := v_done -> 'body';
            v_body_base := (v_done -> 'first')::int;
            v_blank_n := repeat('.', (v_done -> 'count')::int);
            v_blank_e := v_done ->> 'blank';
            v_begin := array(select jsonb_array_elements_text(v_done -> 'begin')::int);
            v_ends := array(select jsonb_array_elements_text(v_done -> 'ends'));
            v_slot := array_position(v_lists_of, v_loop);
          end if;
          if v_goto = '>' then
            if v_next >= v_size or v_left - v_size + v_next >= v_lanes then
              v_agenda := trim_array(v_agenda, 1);
              v_goto := case when v_agenda <> '{}' then '>' end;
              exit segment when v_goto is null;
              continue;
            end if;
            v_index := v_next;
            v_next := v_next + 1;
            v_scope := v_loop || '[' || v_index || ']';
            v_n := v_blank_n;
            v_e := v_blank_e;
            v_at := '{}'::jsonb;
            v_local := '{}'::jsonb;
            v_queue := v_begin;
          elsif v_goto = '' then
            v_scope := '';
            v_n := v_main_n;
            v_e := v_main_e;
            v_at := v_main_at;
            v_queue := v_main_rest;
          else
            v_scope := v_goto;
            v_index := substring(v_scope from '\[(\d+)\]$')::int;
            v_done := v_its -> v_scope;
            v_n := v_done ->> 'n';
            v_e := v_done ->> 'e';
            v_at := v_done -> 'at';
            v_local := coalesce(v_locals -> v_scope, '{}');
            v_queue := case when v_done ? 'rest' then array(select jsonb_array_elements_text(v_done -> 'rest')::int) else '{}' end;
          end if;
          v_prefix := case v_scope when '' then '' else v_scope || '.' end;
          v_base := case v_scope when '' then 0 else v_body_base end;
          v_head := 1;
          v_item := null;
          v_over := null;
          v_goto := null;
        end if;

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
          v_n := overlay(v_n placing v_letter from v_i - v_base for 1);
          v_at := v_at || jsonb_build_object(node.id, case when v_pure then v_segment else v_own end);
          if v_base = 0 then
            v_steps := v_steps || jsonb_build_object(node.id, v_out);
          else
            v_local := v_local || jsonb_build_object(node.id, v_out);
          end if;
          if v_pure then
            v_decided := v_decided || case
              when v_failure is not null then jsonb_build_object('step', v_prefix || node.id, 'error', v_failure)
              when node.kind = 'branch' then jsonb_build_object('step', v_prefix || node.id, 'ports', v_out)
              when node.kind = 'each' and v_summary is not null then jsonb_build_object('step', v_prefix || node.id, 'each', v_summary)
              else jsonb_build_object('step', v_prefix || node.id, 'output', v_out) end;
          end if;
          if v_ports is not null then
            for k in 1 .. cardinality(node.next_edges) loop
              v_e := overlay(v_e placing case when node.next_ports[k] = any (v_ports) then 't' else 'x' end from node.next_edges[k] for 1);
            end loop;
            v_queue := v_queue || node.next_nodes;
            v_ports := null;
          elsif v_base = 0 then
            r.status := 'failed'::meshhook.run_status;
            r.error := v_failure;
            exit segment;
          else
            v_over := jsonb_build_object('error', v_failure);
            v_queue := '{}'::int[];
            v_head := 1;
          end if;
          v_failure := null;
          v_pure := true;
        end if;

        if v_head > cardinality(v_queue) or v_count >= v_limit then
          exit segment when v_loops is null;

          -- Nothing more to do here now: leave the scope.
          if v_scope = '' then
            v_main_n := v_n;
            v_main_e := v_e;
            v_main_at := v_at;
            v_main_rest := v_queue[v_head:];
          elsif v_scope is not null and (v_head <= cardinality(v_queue) or v_over is null and position('o' in v_n) > 0) then
            -- The iteration waits for something, or it is cut short.
            v_its := v_its || jsonb_build_object(v_scope, jsonb_build_object('n', v_n, 'e', v_e, 'at', v_at)
              || case when v_head <= cardinality(v_queue) then jsonb_build_object('rest', to_jsonb(v_queue[v_head:])) else '{}' end);
            v_locals := v_locals || jsonb_build_object(v_scope, v_local);
          elsif v_scope is not null then
            -- The iteration is over. Its output is found as a run's is.
            if v_over is not null then
              if position('o' in v_n) > 0 then
                v_gave_up := true;
                v_open := meshhook_engine.without(v_open, v_prefix);
                v_loops := meshhook_engine.without(v_loops, v_prefix);
                v_its := meshhook_engine.without(v_its, v_prefix);
                v_locals := meshhook_engine.without(v_locals, v_prefix);
                v_agenda := array(select a from unnest(v_agenda) a where not starts_with(a, v_prefix));
                v_rests := array(select a from unnest(v_rests) a where not starts_with(a, v_prefix));
              end if;
            elsif cardinality(v_ends) = 1 then
              v_out := v_local -> v_ends[1];
              if v_out is null and v_at ? v_ends[1] then
                r.missing := array[v_prefix || v_ends[1]];
                return r;
              end if;
              v_over := jsonb_build_object('output', coalesce(v_out, 'null'));
            else
              r.missing := array(select v_prefix || e from unnest(v_ends) e where v_at ? e and not v_local ? e);
              if r.missing <> '{}' then
                return r;
              end if;
              r.missing := null;
              v_over := jsonb_build_object('output', (
                select coalesce(jsonb_object_agg(e, v_local -> e), '{}') from unnest(v_ends) e where v_local ? e));
            end if;
            if v_its ? v_scope then
              v_its := v_its - v_scope;
              v_locals := v_locals - v_scope;
            end if;
            v_left := v_left - 1;
            if v_over ? 'error' and not v_collect then
              -- One failed, and so the loop: the others are given up.
              v_code := v_loop || '[';
              v_gave_up := true;
              v_open := meshhook_engine.without(v_open, v_code);
              v_loops := meshhook_engine.without(v_loops, v_code) - v_loop;
              v_its := meshhook_engine.without(v_its, v_code);
              v_locals := meshhook_engine.without(v_locals, v_code);
              v_agenda := array(select a from unnest(v_agenda) a where a <> v_loop and not starts_with(a, v_code));
              v_rests := array(select a from unnest(v_rests) a where not starts_with(a, v_code));
              v_failure := (v_over -> 'error') || jsonb_build_object('index', v_index);
              v_settled := true;
            else
              v_bad := v_bad + (v_over ? 'error')::int;
              v_result_of := v_result_of || v_loop;
              v_result_at := v_result_at || v_index;
              v_results := v_results || case when v_over ? 'error' then v_over else v_over -> 'output' end;
              if v_left > 0 then
                if v_next < v_size and not v_loop = any (v_agenda) then
                  v_agenda := v_agenda || v_loop;
                end if;
              else
                -- The last one: the loop is over.
                v_done := coalesce(v_known #> array['.done', v_loop], '{}');
                if not v_done ? '*' and v_size > (
                    select count(*) from (
                      select k::int from jsonb_object_keys(v_done) k where k <> '*'
                      union select x.at from unnest(v_result_of, v_result_at) x(whose, at) where x.whose = v_loop) u) then
                  r.missing := array['.done ' || v_loop];
                  return r;
                end if;
                v_out := (
                  select jsonb_agg(coalesce(x.result, v_done -> k.n::text, 'null') order by k.n)
                  from generate_series(0, v_size - 1) k(n)
                  left join (
                    select u.at, u.result from unnest(v_result_of, v_result_at, v_results) u(whose, at, result) where u.whose = v_loop
                  ) x on x.at = k.n);
                v_loops := v_loops - v_loop;
                v_summary := case when v_within = '' then jsonb_build_object('count', v_size, 'failed', v_bad, 'since', v_state -> 's') end;
                v_agenda := array_remove(v_agenda, v_loop);
                v_settled := true;
              end if;
            end if;
            if v_settled then
              -- The loop is settled in the scope it stands in, and forgotten.
              if v_known #> array['.done', v_loop] is not null or v_known #> array['.lists', v_loop] is not null then
                v_known := (v_known #- array['.done', v_loop]) #- array['.lists', v_loop];
              end if;
              if v_within <> '' then
                select array_agg(u.whose), array_agg(u.at), array_agg(u.result) into v_result_of, v_result_at, v_results
                from unnest(v_result_of, v_result_at, v_results) u(whose, at, result)
                where u.whose <> v_loop and not starts_with(u.whose, v_loop || '[');
              end if;
              if v_slot is not null then
                v_lists_of[v_slot] := '';
                v_lists[v_slot] := null;
              end if;
              v_i := v_each;
              node := p_nodes[v_i];
              v_goto := v_within;
              v_loop := null;
              continue;
            end if;
          end if;
          v_scope := null;
          v_queue := '{}'::int[];
          v_head := 1;

          -- Where to go on.
          exit segment when v_count >= v_limit;
          if v_rests <> '{}' then
            v_goto := v_rests[1];
            v_rests := v_rests[2:];
          elsif v_main_rest <> '{}' then
            v_goto := '';
          elsif v_agenda <> '{}' then
            v_goto := '>';
          else
            exit segment;
          end if;
          continue;
        end if;

        -- Is the next candidate ready?
        v_i := v_queue[v_head];
        v_head := v_head + 1;
        node := p_nodes[v_i];
        if cardinality(node.ins) = 1 then
          v_first := case when substr(v_e, node.ins[1], 1) = 't' then 1 end;
        else
          continue when substr(v_n, v_i - v_base, 1) <> '.';
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
          v_n := overlay(v_n placing 'x' from v_i - v_base for 1);
          v_skipped := v_skipped || (v_prefix || node.id);
          for k in 1 .. cardinality(node.next_edges) loop
            v_e := overlay(v_e placing 'x' from node.next_edges[k] for 1);
          end loop;
          v_queue := v_queue || node.next_nodes;
          continue;
        end if;

        -- What its expressions look at.
        if v_base > 0 then
          if v_item is null and (position('E' in node.mask) > 0 or node.sources[v_first] = 0 and position('I' in node.mask) > 0) then
            v_item := coalesce(
              v_lists[v_slot] -> v_index, meshhook_engine.piece_item(v_known #> array['.pieces', v_loop], v_state, v_index),
              v_known #> array['.items', v_scope], v_known #> array['.lists', v_loop, v_index::text]);
            if v_item is null then
              r.missing := array['.item ' || v_scope];
              return r;
            end if;
          end if;
          if node.mask = 'E' then
            v_root := jsonb_build_object('item', v_item, 'index', v_index);
          elsif node.mask = '' then
            v_root := '{}'::jsonb;
          else
            v_root := meshhook_engine.root_in_loop(
              node, node.sources[v_first], p_nodes, p_ctx, v_steps, v_main_at, v_scope, v_at, v_local, v_its, v_locals, v_item, v_index);
            if v_root ? '.missing' then
              r.missing := array(select jsonb_array_elements_text(v_root -> '.missing'));
              return r;
            end if;
          end if;
        else
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
        else
          if v_base > 0 then  -- what is said of it to the outside names it by its path
            node.spec := node.spec || jsonb_build_object('id', v_prefix || node.id);
          end if;
          if node.kind = 'http_call' then
            v_later := v_later || row('call.scheduled', v_prefix || node.id, 1, meshhook_engine.node_http_call(node.spec, v_root, p_ctx -> 'run'), null)::meshhook_engine.fact;
            v_n := overlay(v_n placing 'o' from v_i - v_base for 1);
            v_open := v_open || jsonb_build_object(v_prefix || node.id, jsonb_build_object('i', v_i, 'a', 1, 'since', (extract(epoch from p_at) * 1000)::bigint));
            r.opened := r.opened || (v_prefix || node.id);
          elsif node.kind = 'delay' then
            v_done := meshhook_engine.node_delay(node.spec, v_root, p_at);
            v_later := v_later || row('timer.set', v_prefix || node.id, null, v_done, null)::meshhook_engine.fact;
            v_n := overlay(v_n placing 'o' from v_i - v_base for 1);
            v_open := v_open || jsonb_build_object(v_prefix || node.id, jsonb_build_object('i', v_i, 'due', v_done -> 'due'));
            r.opened := r.opened || (v_prefix || node.id);
          elsif node.kind in ('wait', 'call') then
            v_done := case node.kind
              when 'wait' then to_jsonb(meshhook_engine.node_wait(node.spec, v_root, p_at))
              else to_jsonb(meshhook_engine.node_call(node.spec, v_root, p_ctx -> 'run', p_seq, p_at)) end;
            v_later := v_later || row(case node.kind when 'wait' then 'signal.awaited' else 'child.started' end, v_prefix || node.id, null, v_done -> 'data', null)::meshhook_engine.fact;
            v_n := overlay(v_n placing 'o' from v_i - v_base for 1);
            v_open := v_open || jsonb_build_object(v_prefix || node.id, v_done -> 'open' || jsonb_build_object('i', v_i));
            r.opened := r.opened || (v_prefix || node.id);
          elsif node.kind = 'each' then
            v_out := meshhook_engine.node_each(node.spec, v_root);
            v_summary := null;
            if v_out = '[]' then
              v_settled := true;
            else
              v_n := overlay(v_n placing 'o' from v_i - v_base for 1);
              if v_loops is null then
                v_loops := '{}'::jsonb;
                v_its := '{}'::jsonb;
                v_locals := '{}'::jsonb;
                v_known := '{}'::jsonb;
                v_agenda := '{}'::text[];
                v_rests := '{}'::text[];
              end if;
              v_loops := v_loops || jsonb_build_object(v_prefix || node.id, jsonb_build_object(
                'i', v_i, 'in', v_scope, 'size', jsonb_array_length(v_out), 'next', 0, 'left', jsonb_array_length(v_out), 'bad', 0, 's', v_segment));
              v_agenda := v_agenda || (v_prefix || node.id);
              v_slot := coalesce(array_position(v_lists_of, ''), cardinality(v_lists_of) + 1, 1);
              v_lists_of[v_slot] := v_prefix || node.id;
              v_lists[v_slot] := v_out;
              v_slot := array_position(v_lists_of, v_loop);
              v_later := v_later || row('loop.started', v_prefix || node.id, null, jsonb_build_object('count', jsonb_array_length(v_out)), null)::meshhook_engine.fact;
            end if;
          elsif node.kind = 'respond' then
            v_out := meshhook_engine.node_respond(node.spec, v_root);
            if v_reply is null then
              v_reply := to_jsonb(v_prefix || node.id);
              if v_base > 0 then  -- the iteration will be forgotten, where it answered will not
                v_main_at := v_main_at || jsonb_build_object(v_prefix || node.id, v_segment);
                v_said := v_out;
              end if;
            end if;
            v_settled := true;
          elsif node.kind = 'xml' then
            v_out := meshhook_engine.node_xml(node.spec, v_root);
            v_settled := true;
          elsif node.kind = 'terminate' then
            v_done := meshhook_engine.node_terminate(node.spec, v_root);
            if v_base = 0 then
              v_n := overlay(v_n placing 's' from v_i for 1);
              v_last := node.id;  -- recorded by the event that ends the run
              r.status := (v_done ->> 'status')::meshhook.run_status;
              r.output := v_done -> 'output';
              r.error := v_done -> 'error';
              exit segment;
            end if;
            -- It ends the iteration.
            v_over := meshhook_engine.pick(v_done, case when v_done ? 'error' then '{error}'::text[] else '{output}' end);
            v_decided := v_decided || (jsonb_build_object('step', v_prefix || node.id, 'ends', true) || v_over);
            v_queue := '{}'::int[];
            v_head := 1;
          else
            raise exception using errcode = 'MH422', message = format('MH_NODE_TYPE: this version runs no node of type %L', node.kind);
          end if;
        end if;
      end loop;
    exception
      when others then
        v_troubles := v_troubles + 1;
        if v_troubles > cardinality(p_nodes) + v_count then
          raise;  -- not an expression's: a node fails once
        end if;
        get stacked diagnostics v_code = returned_sqlstate, v_message = message_text, v_detail = pg_exception_detail;
        v_failure := meshhook_engine.trouble(v_code, v_message, v_detail) || jsonb_build_object('step', v_prefix || node.id);
        v_settled := true;
    end;
  end loop;

  if v_loops is not null then
    -- Back to the workflow's own scope.
    if v_scope is distinct from '' then
      v_n := v_main_n;
      v_e := v_main_e;
      v_at := v_main_at;
      v_queue := v_main_rest;
      v_head := 1;
    end if;
    if v_loop is not null then
      v_loops := v_loops || jsonb_build_object(v_loop, v_state || jsonb_build_object('next', v_next, 'left', v_left, 'bad', v_bad));
    end if;
    v_wanting := r.status = 'running' and (v_head <= cardinality(v_queue)
      or exists (select from jsonb_each(v_its) i where i.value ? 'rest')
      or exists (select from jsonb_each(v_loops) l where meshhook_engine.may_start(l.value, p_nodes[(l.value -> 'i')::int].spec)));
  else
    v_wanting := r.status = 'running' and v_head <= cardinality(v_queue);  -- cut short
  end if;

  -- What is left when nothing is ready any more.
  if r.status = 'running' and not v_wanting and v_open = '{}' then
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

  -- The rest of a cut segment leaves a record even when nothing came of it: else nobody could tell that it was gone through.
  if v_wanting or cardinality(v_decided) > 0 or cardinality(v_skipped) > 0 or p_event.type is null then
    r.effects := r.effects || row('segment.decided', null, null,
      case when cardinality(v_decided) = 0 then '{}' else jsonb_build_object('steps', to_jsonb(v_decided)) end
      || case when cardinality(v_skipped) = 0 then '{}'::jsonb else jsonb_build_object('skipped', to_jsonb(v_skipped)) end
      || case when v_wanting then jsonb_build_object('cut_after', v_count) else '{}' end, null)::meshhook_engine.fact;
  end if;
  if v_lists_of is not null and r.status = 'running' then
    -- Loops that began here and go on: their items are recorded, piece by piece.
    v_begun := '{}'::meshhook_engine.fact[];
    for k in 1 .. cardinality(v_lists_of) loop
      continue when not v_loops ? v_lists_of[k];
      v_known := jsonb_set(case when v_known ? '.lists' then v_known else v_known || '{".lists": {}}' end, array['.lists', v_lists_of[k]], v_lists[k]);
      v_done := meshhook_engine.items_kept(v_loops -> v_lists_of[k], v_lists_of[k], v_lists[k], v_its);
      v_loops := v_loops || jsonb_build_object(v_lists_of[k], (v_loops -> v_lists_of[k]) || (v_done -> 'state')
        || jsonb_build_object('q', p_seq + cardinality(r.effects) + cardinality(v_begun) + 1));
      v_begun := v_begun || array(
        select row('loop.started', v_lists_of[k], null, p.piece, null)::meshhook_engine.fact
        from jsonb_array_elements(v_done -> 'pieces') with ordinality p(piece, n) order by p.n);
    end loop;
    if v_begun <> '{}' then
      v_later := v_begun || array(
        select row(f.type, f.step, f.attempt, f.data, f.digest)::meshhook_engine.fact from unnest(v_later) with ordinality f(type, step, attempt, data, digest, n)
        where f.type <> 'loop.started' or not v_loops ? f.step order by f.n);
    end if;
  end if;
  for k in 1 .. cardinality(v_later) loop
    -- An open step knows where its intent is recorded.
    v_code := v_later[k].step;
    continue when v_loops is not null and not v_open ? v_code;
    v_open := v_open || jsonb_build_object(v_code, (v_open -> v_code) || jsonb_build_object('q', p_seq + cardinality(r.effects) + k));
  end loop;
  r.effects := r.effects || v_later;
  r.steps := v_steps;
  if v_said is not null then
    r.steps := r.steps || jsonb_build_object('.said', v_said);
  end if;
  if r.status = 'running' then
    r.frontier := jsonb_build_object('n', v_n, 'e', v_e, 'at', v_at, 'open', v_open);
    if v_reply is not null then
      r.frontier := r.frontier || jsonb_build_object('reply', v_reply);
    end if;
    if v_loops <> '{}' then
      r.frontier := r.frontier || jsonb_build_object('loops', v_loops, 'its', v_its);
      r.steps := r.steps || meshhook_engine.handed_on(v_known, v_locals, v_loops, v_result_of, v_result_at, v_results);
    end if;
    if v_gave_up then
      r.opened := array['-'] || array(select o from unnest(r.opened) o where v_open ? o);
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
