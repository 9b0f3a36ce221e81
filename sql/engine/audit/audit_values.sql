-- Columns of a row as the audit log keeps them: none that is hidden, and of a value over 8 KB only its size.
-- Called by: audit_changes.
create or replace function meshhook_engine.audit_values(p_row jsonb, p_hidden text[]) returns jsonb
language sql immutable as $$
  select coalesce(jsonb_object_agg(c.key, case
    when octet_length(c.value::text) > 8192 then jsonb_build_object('bytes', octet_length(c.value::text)) else c.value end), '{}')
  from jsonb_each(p_row) c
  where not c.key = any (p_hidden) and c.key not in ('project_id', 'updated_at')
$$;
