-- template_references: what a compiled template reads, in the shape of references, plus "secret_names".
-- Called by: validate and publish. Reads nothing.
create or replace function meshhook_expr.template_references(template jsonb)
returns jsonb
language plpgsql immutable parallel safe
as $$
declare
  names jsonb := coalesce((
    select jsonb_agg(distinct p.value ->> 1)
      from jsonb_array_elements(meshhook_expr.template_secrets(case when template ->> 0 = 'S' then template -> 1 else template end)) s,
           lateral jsonb_array_elements(case s.value -> 1 ->> 0 when 's' then jsonb_build_array(s.value -> 1) else s.value -> 1 -> 2 end) p
     where p.value ->> 0 = 's' and jsonb_typeof(p.value) = 'array'), '[]');
begin
  return meshhook_expr.summary(meshhook_expr.template_reads(template))
         || jsonb_build_object('secrets', names <> '[]', 'secret_names', names);
end
$$;
comment on function meshhook_expr.template_references(jsonb) is 'What a compiled template reads from its document, and the names of its secrets.';
