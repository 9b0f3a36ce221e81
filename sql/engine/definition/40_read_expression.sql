-- Parses an expression of a definition: its tree, what it refers to, and what is wrong with it. Never raises.
-- Expressions never see secrets: only a template in a field that is sent may name one.
-- Called by: the checks of each node type, check_document.
create or replace function meshhook_engine.read_expression(
  p_source jsonb, p_path text, p_node text,
  out tree jsonb, out refs jsonb, out problems meshhook_engine.problem[])
language plpgsql immutable as $$
declare
  v_message text;
  v_detail  text;
begin
  problems := '{}';
  if jsonb_typeof(p_source) is distinct from 'string' then
    problems := array[meshhook_engine.problem('MH_DEF_TYPE', p_path, p_node,
      format('expected an expression (a string), got %s', meshhook_engine.quote(p_source)))];
    return;
  end if;
  begin
    tree := meshhook_expr.parse(p_source #>> '{}');
    refs := meshhook_expr.references(tree);
  exception
    when sqlstate 'MH422' then
      get stacked diagnostics v_message = message_text, v_detail = pg_exception_detail;
      problems := array[meshhook_engine.expression_problem(v_message, v_detail, p_path, p_node)];
      return;
  end;
  if refs -> 'roots' ? 'secrets' then
    problems := array[meshhook_engine.problem('MH_DEF_SECRET_PLACE', p_path, p_node,
      'an expression cannot read secrets; write {{ secrets.name }} in url, headers, query, body, auth or sign of an http_call')];
  end if;
end $$;
