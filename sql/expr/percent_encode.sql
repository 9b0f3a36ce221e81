-- percent_encode: all bytes but letters, digits and -._~ as %XX of their UTF-8.
-- Called by: render_part. Reads nothing.
create or replace function meshhook_expr.percent_encode(value text)
returns text
language plpgsql immutable parallel safe
as $$
begin
  if value ~ '^[A-Za-z0-9._~-]*$' then
    return value;
  end if;
  return (select string_agg(case when c.one ~ '[A-Za-z0-9._~-]' then c.one
                                 else upper(regexp_replace(encode(convert_to(c.one, 'UTF8'), 'hex'), '(..)', '%\1', 'g')) end, '' order by c.nr)
            from unnest(string_to_array(value, null)) with ordinality c(one, nr));
end
$$;
