-- A Retry-After header as milliseconds from p_at: seconds, or an HTTP date. Null when absent, in the past, or neither.
create or replace function meshhook_engine.retry_after_ms(p_header text, p_at timestamptz) returns bigint
language plpgsql immutable as $$
begin
  if p_header ~ '^\s*\d{1,9}\s*$' then
    return trim(p_header)::bigint * 1000;
  end if;
  if p_header ~ '^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$' then
    return nullif(greatest(0, (extract(epoch from
      to_timestamp(substr(p_header, 6, 20), 'DD Mon YYYY HH24:MI:SS')::timestamp at time zone 'UTC' - p_at) * 1000)::bigint), 0);
  end if;
  return null;
exception
  when others then
    return null;  -- a header shaped like a date that names none
end $$;
