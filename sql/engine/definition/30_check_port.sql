-- The name of a port that a branch makes: shaped like a node id, and none of the names that node types use themselves.
-- Called by: define_branch.
create or replace function meshhook_engine.check_port(p_port jsonb, p_path text, p_node text) returns meshhook_engine.problem[]
language plpgsql immutable parallel safe as $$
begin
  if jsonb_typeof(p_port) is distinct from 'string' or p_port #>> '{}' !~ '^[a-z][a-z0-9_]{0,62}$' then
    return array[meshhook_engine.problem('MH_DEF_BRANCH_PORT', p_path, p_node,
      format('%s is no port name: a lower case letter, then letters, digits and _, 63 at most', meshhook_engine.quote(p_port)))];
  end if;
  if p_port #>> '{}' in ('out', 'error', 'each', 'timeout') then
    return array[meshhook_engine.problem('MH_DEF_BRANCH_PORT', p_path, p_node, format('"%s" is a reserved port name', p_port #>> '{}'))];
  end if;
  return '{}';
end $$;
