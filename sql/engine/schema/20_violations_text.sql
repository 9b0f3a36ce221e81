-- Violations of a schema as one sentence. Called by: sift_schemas, require_input.
create or replace function meshhook_engine.violations_text(p_violations jsonb) returns text
language sql immutable parallel safe as $$
  select left(format('The input violates its schema in %s: %s', case jsonb_array_length(p_violations) when 1 then 'one place' else jsonb_array_length(p_violations) || ' places' end,
    string_agg(case when v ->> 'pointer' = '' then '' else (v ->> 'pointer') || ': ' end || (v ->> 'message'), '; ' order by n)), 2000)
  from jsonb_array_elements(p_violations) with ordinality x(v, n)
$$;
