-- What a node's expressions look at and nobody has loaded yet; null when all is there. A step that has not run is no lack:
-- it is null. What is no step's output begins with a dot, as no step's name does: a step may well be called vars.
-- Called by: decide.
create or replace function meshhook_engine.missing(
  p_node meshhook_engine.node, p_source int, p_nodes meshhook_engine.node[], p_ctx jsonb, p_steps jsonb, p_at jsonb) returns text[]
language plpgsql immutable as $$
declare
  v_missing text[];
begin
  if not p_ctx ? 'trigger' and (position('T' in p_node.mask) > 0 or (position('I' in p_node.mask) > 0 and p_source = 0)) then
    v_missing := v_missing || '.trigger'::text;
  end if;
  if not p_ctx ? 'vars' and position('V' in p_node.mask) > 0 then
    v_missing := v_missing || '.vars'::text;
  end if;
  if p_node.steps = '{*}' then
    v_missing := v_missing || array(select k from jsonb_object_keys(p_at) k where not p_steps ? k and strpos(k, '[') = 0);
  else
    v_missing := v_missing || array(select s from unnest(p_node.steps) s where p_at ? s and not p_steps ? s);
  end if;
  if position('I' in p_node.mask) > 0 and p_source > 0 and not p_steps ? p_nodes[p_source].id
     and p_at ? p_nodes[p_source].id and not p_nodes[p_source].id = any (coalesce(v_missing, '{}')) then
    v_missing := v_missing || p_nodes[p_source].id;
  end if;
  return nullif(v_missing, '{}');
end $$;
