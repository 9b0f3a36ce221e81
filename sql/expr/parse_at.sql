-- parse_at: parse for an expression that stands `shift` characters into a template; `origin` is added to error details.
-- Called by: parse, template_parts. Reads nothing.
create or replace function meshhook_expr.parse_at(expression text, shift int, origin jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  lexed record;
  parsed record;
begin
  if char_length(expression) > 10000 then
    return meshhook_expr.fail('MH_EXPR_LIMIT', 'the expression is longer than 10 000 characters', shift + 10001, origin);
  end if;
  if expression ~ '^[ \t\n\r]*[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*[ \t\n\r]*$' then
    -- most expressions are a plain path
    return meshhook_expr.path_node(string_to_array(btrim(expression, E' \t\n\r'), '.'));
  end if;
  lexed := meshhook_expr.lex(expression, shift);
  parsed := meshhook_expr.expression(lexed.tok, lexed.kind, lexed.pos, 1, 0, 1, '{}', null, origin);
  if lexed.kind[parsed.nxt] <> 'end' then
    return meshhook_expr.fail('MH_EXPR_SYNTAX', case
      when lexed.kind[parsed.nxt] = 'bad' and left(lexed.tok[parsed.nxt], 1) in ('"', '''', '`') then 'this quote is never closed'
      else format('unexpected %s', left(lexed.tok[parsed.nxt], 40)) end, lexed.pos[parsed.nxt], origin);
  end if;
  return parsed.node;
end
$$;
