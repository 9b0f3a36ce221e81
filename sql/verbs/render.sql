-- render: renders a template, any JSON whose strings hold {{ expression }}, over a context, exactly as a workflow does.
-- Guarantees: immutable and parallel safe. {{ secrets.name }} stays as it is: secrets are never in a database function's reach.
--   Raises MH422 MH_TEMPLATE_* and MH_EXPR_*.
-- Called by: people, and the console's preview. Reads nothing, locks nothing, notifies nothing.
create or replace function meshhook.render(template jsonb, context jsonb)
returns jsonb
language plpgsql immutable parallel safe strict
as $$
begin
  return meshhook_expr.render(meshhook_expr.parse_template(template, true), context);
end
$$;
comment on function meshhook.render(jsonb, jsonb) is
  'Renders a template over a context: select meshhook.render(''{"hello": "{{ trigger.body.name }}"}'', context).';
