-- branch: an array of the ports whose condition holds (the first one, or all with match = all), else the default, else none.
-- A condition holds unless it is null, false, or an empty string, array or object.
create or replace function meshhook_engine.node_branch(p_node jsonb, p_root jsonb) returns text[]
language plpgsql immutable as $$
declare
  v_cases jsonb := p_node -> 'cases';
  v_first boolean := p_node ->> 'match' is distinct from 'all';
  v_ports text[] := '{}'::text[];
  v_value jsonb;
begin
  for k in 0 .. jsonb_array_length(v_cases) - 1 loop
    v_value := meshhook_expr.eval(v_cases -> k -> 'when', p_root);
    if v_value not in ('null', 'false', '""', '[]', '{}') then
      v_ports := v_ports || (v_cases -> k ->> 'port');
      exit when v_first;
    end if;
  end loop;
  if v_ports = '{}' and p_node ->> 'default' is not null then
    v_ports := array[p_node ->> 'default'];
  end if;
  return v_ports;
end $$;
