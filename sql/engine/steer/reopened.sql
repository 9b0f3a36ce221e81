-- The frontier of a failed run as it goes on again: the call that failed is open for its next attempt, with all its tries before
-- it; any other step that failed for good is pending and looked at again; what the failure canceled is open as it was.
-- p_skip names the step that is not tried again: it is open, and the caller settles it.
-- Pure: the same frontier, error and moment give the same. An open call that was retried carries b, the attempts before.
-- Called by: try_again, skip, refold.
create or replace function meshhook_engine.reopened(
  p_frontier jsonb, p_nodes meshhook_engine.node[], p_error jsonb, p_skip text, p_at timestamptz, p_due jsonb)
returns jsonb
language plpgsql immutable as $$
declare
  v_n      text := p_frontier ->> 'n';
  v_e      text := p_frontier ->> 'e';
  v_at     jsonb := p_frontier -> 'at';
  v_was    jsonb := coalesce(p_frontier -> 'was', '{}');
  v_open   jsonb := '{}';
  v_rest   jsonb;
  v_failed text := split_part(p_error ->> 'step', '[', 1);  -- of a step within a loop, the loop: it begins again
  v_letter text;
  v_back   jsonb;
  node     meshhook_engine.node;
begin
  if v_n = '' then  -- it had not begun: it does so when it would have, or now, and is held back no more
    return (p_frontier - 'was') || jsonb_build_object('open', jsonb_build_object('*', jsonb_build_object(
      'due', coalesce(v_was #> '{*,due}', to_jsonb((extract(epoch from p_at) * 1000)::bigint)))));
  end if;
  for i in 1 .. cardinality(p_nodes) loop
    node := p_nodes[i];
    v_letter := substr(v_n, i, 1);
    v_back := null;
    if node.id in (p_skip, v_failed) then
      v_at := v_at - node.id;
      if node.id = p_skip then
        v_back := coalesce(v_was -> node.id, jsonb_build_object('i', i));
      elsif v_was -> node.id ? 'a' then
        v_back := (v_was -> node.id) - 'due'
          || jsonb_build_object('a', (v_was #> array[node.id, 'a'])::int + 1, 'b', v_was #> array[node.id, 'a'], 'since', (extract(epoch from p_at) * 1000)::bigint);
      end if;
    elsif v_letter = 'c' then
      v_back := v_was -> node.id;
    else
      continue;
    end if;
    v_n := overlay(v_n placing case when v_back is null then '.' else 'o' end from i for 1);
    if v_back is not null then
      v_open := v_open || jsonb_build_object(node.id, v_back);
    end if;
  end loop;
  v_rest := meshhook_engine.ready_nodes(v_n, v_e, p_nodes);
  return meshhook_engine.put_off(
    (p_frontier - 'was') || jsonb_build_object('n', v_n, 'at', v_at, 'open', v_open)
      || case when v_rest = '[]' then '{}' else jsonb_build_object('rest', v_rest) end, p_due);
end $$;
