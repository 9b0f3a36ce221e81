-- What a node within a loop looks at, made of no more than it names: the trigger of a loop over ten thousand items must not be
-- copied ten thousand times for nodes that never read it. {".missing": [...]} when something has not been loaded.
-- Steps are those of this iteration, of the iterations around it and of the workflow; names are unique along that way.
-- p_item is there when it is needed. Called by: decide. Pure.
create or replace function meshhook_engine.root_in_loop(
  p_node meshhook_engine.node, p_source int, p_nodes meshhook_engine.node[], p_ctx jsonb, p_steps jsonb, p_main_at jsonb,
  p_scope text, p_at jsonb, p_local jsonb, p_its jsonb, p_locals jsonb, p_item jsonb, p_index int)
returns jsonb
language plpgsql immutable as $$
declare
  v_root    jsonb := '{}'::jsonb;
  v_steps   jsonb;
  v_names   text[] := p_node.steps;
  v_missing text[];
  v_up      text;
  v_at      jsonb;
  v_known   jsonb;
  v_name    text;
begin
  if position('E' in p_node.mask) > 0 then
    v_root := jsonb_build_object('item', p_item, 'index', p_index);
  end if;
  if position('T' in p_node.mask) > 0 then
    if p_ctx ? 'trigger' then
      v_root := v_root || jsonb_build_object('trigger', p_ctx -> 'trigger');
    else
      v_missing := v_missing || '.trigger'::text;
    end if;
  end if;
  if position('V' in p_node.mask) > 0 then
    if p_ctx ? 'vars' then
      v_root := v_root || jsonb_build_object('vars', p_ctx -> 'vars');
    else
      v_missing := v_missing || '.vars'::text;
    end if;
  end if;
  if position('R' in p_node.mask) > 0 then
    v_root := v_root || jsonb_build_object('run', p_ctx -> 'run');
  end if;

  if position('I' in p_node.mask) > 0 then
    v_name := p_nodes[p_source].id;
    if p_source = 0 then
      v_root := v_root || jsonb_build_object('input', p_item);
    elsif p_local ? v_name then
      v_root := v_root || jsonb_build_object('input', p_local -> v_name);
    else
      v_missing := v_missing || (p_scope || '.' || v_name);
    end if;
  end if;

  if position('S' in p_node.mask) > 0 then
    v_steps := '{}'::jsonb;
    v_up := p_scope;
    v_at := p_at;
    v_known := p_local;
    loop
      if p_node.steps = '{*}' then
        v_names := array(select k from jsonb_object_keys(v_at) k where strpos(k, '[') = 0);
      end if;
      foreach v_name in array v_names loop
        if v_known ? v_name then
          v_steps := v_steps || jsonb_build_object(v_name, v_known -> v_name);
        elsif v_at ? v_name then
          v_name := case v_up when '' then '' else v_up || '.' end || v_name;
          if v_missing is null or not v_name = any (v_missing) then
            v_missing := v_missing || v_name;
          end if;
        end if;
      end loop;
      exit when v_up = '';
      -- Outwards: the iteration that this loop runs in, or the workflow itself.
      v_up := coalesce(substring(v_up from '^(.*)\.[^.]+$'), '');
      v_at := case v_up when '' then p_main_at else p_its #> array[v_up, 'at'] end;
      v_known := case v_up when '' then p_steps else coalesce(p_locals -> v_up, '{}') end;
    end loop;
    v_root := v_root || jsonb_build_object('steps', v_steps);
  end if;
  if v_missing is not null then
    return jsonb_build_object('.missing', to_jsonb(v_missing));
  end if;
  return v_root;
end $$;
