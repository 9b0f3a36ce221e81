-- Parses a template of a definition: its compiled form, what it refers to, and everything that is wrong with it. Never raises.
-- Right templates are parsed once as a whole; only when that fails is each string tried alone, to find all errors.
-- Called by: the checks of each node type.
create or replace function meshhook_engine.read_template(
  p_value jsonb, p_path text, p_node text, p_secrets boolean default false, p_url boolean default false,
  out template jsonb, out refs jsonb, out problems meshhook_engine.problem[])
language plpgsql immutable as $$
declare
  v_leaf    record;
  v_tree    jsonb;
  v_message text;
  v_detail  text;
begin
  problems := '{}';
  begin
    template := meshhook_expr.parse_template(p_value, true, p_url);
    refs := meshhook_expr.template_references(template);
    if p_secrets or coalesce(refs -> 'secret_names', '[]') = '[]' then
      return;
    end if;
  exception
    when sqlstate 'MH422' then
      template := null;
      refs := null;
      get stacked diagnostics v_message = message_text, v_detail = pg_exception_detail;
  end;
  for v_leaf in select l.path, l.value from meshhook_engine.leaves(p_value, p_path) l where strpos(l.value #>> '{}', '{{') > 0 loop
    begin
      v_tree := meshhook_expr.parse_template(v_leaf.value, true, p_url);
      if not p_secrets and meshhook_expr.template_references(v_tree) -> 'secret_names' <> '[]' then
        problems := problems || meshhook_engine.problem('MH_DEF_SECRET_PLACE', v_leaf.path, p_node,
          'a secret may stand only in url, headers, query, body, auth and sign of an http_call');
      end if;
    exception
      when sqlstate 'MH422' then
        get stacked diagnostics v_message = message_text, v_detail = pg_exception_detail;
        problems := problems || meshhook_engine.expression_problem(v_message, v_detail, v_leaf.path, p_node);
    end;
  end loop;
  if problems = '{}' then  -- wrong as a whole, each string right: say what was said of the whole
    problems := array[meshhook_engine.expression_problem(v_message, v_detail, p_path, p_node)];
  end if;
end $$;
