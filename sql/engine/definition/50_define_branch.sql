-- branch: checks and compiles its `with`. 1 to 100 cases, ports unique and not reserved; without a default a run can end here
-- unnoticed, so that is a warning.
-- Called by: define_node.
create or replace function meshhook_engine.define_branch(
  p_with jsonb, p_path text, p_node text,
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_cases jsonb := '[]';
  v_case  jsonb;
  v_port  text;
  v_at    text;
  v_seen  jsonb := '{}';
  v_read  record;
  v_i     int := -1;
begin
  ports := '["error"]';
  uses := '[]';
  problems := meshhook_engine.check_fields(p_with, '{
    "cases": {"is": "array", "max": 100000}, "default": {"is": "text", "max": 63, "null": true},
    "match": {"is": "choice", "of": ["first", "all"]}}', p_path, p_node, '{cases}');
  if jsonb_typeof(p_with) <> 'object' then
    return;
  end if;
  if jsonb_typeof(p_with -> 'cases') = 'array' then
    if p_with -> 'cases' = '[]' then
      problems := problems || meshhook_engine.problem('MH_DEF_RANGE', p_path || '/cases', p_node, 'a branch needs at least one case');
    elsif jsonb_array_length(p_with -> 'cases') > 100 then
      problems := problems || meshhook_engine.problem('MH_DEF_TOO_MANY_CASES', p_path || '/cases', p_node,
        format('%s cases, at most 100 are allowed', jsonb_array_length(p_with -> 'cases')));
    end if;
    for v_case in select value from jsonb_array_elements(p_with -> 'cases') limit 100 loop
      v_i := v_i + 1;
      v_at := p_path || '/cases/' || v_i;
      problems := problems || meshhook_engine.check_fields(v_case,
        '{"port": {"is": "any"}, "when": {"is": "any"}}', v_at, p_node, '{port,when}');
      continue when jsonb_typeof(v_case) <> 'object';
      v_read := null;
      if v_case ? 'port' then
        v_port := v_case ->> 'port';
        problems := problems || meshhook_engine.check_port(v_case -> 'port', v_at || '/port', p_node);
        if v_seen ? v_port then
          problems := problems || meshhook_engine.problem('MH_DEF_BRANCH_PORT', v_at || '/port', p_node,
            format('port "%s" has a case already; join the conditions with ||', left(v_port, 63)));
        elsif jsonb_typeof(v_case -> 'port') = 'string' then
          v_seen := v_seen || jsonb_build_object(v_port, true);
          ports := ports || (v_case -> 'port');
        end if;
      end if;
      if v_case ? 'when' then
        select * into v_read from meshhook_engine.read_expression(v_case -> 'when', v_at || '/when', p_node);
        problems := problems || v_read.problems;
        uses := uses || jsonb_build_object('path', v_at || '/when', 'refs', v_read.refs);
        v_cases := v_cases || jsonb_build_object('port', v_case -> 'port', 'when', v_read.tree);
      end if;
    end loop;
  end if;
  if coalesce(p_with -> 'default', 'null') = 'null' then
    problems := problems || meshhook_engine.problem('MH_DEF_BRANCH_DEFAULT', p_path, p_node,
      'no default: when no case holds, everything behind this branch is skipped', 'warning');
  else
    problems := problems || meshhook_engine.check_port(p_with -> 'default', p_path || '/default', p_node);
    ports := ports || (p_with -> 'default');
  end if;
  compiled := jsonb_build_object(
    'cases', v_cases, 'default', coalesce(p_with -> 'default', 'null'), 'match', coalesce(p_with ->> 'match', 'first'));
end $$;
