-- The moment that a value names: ISO 8601 text (without a zone: UTC) or seconds since 1970.
-- Refuses words like "now" and "tomorrow": they would make a run depend on when it is folded again.
-- Called by: node_delay.
create or replace function meshhook_engine.moment(p_value jsonb) returns timestamptz
language plpgsql immutable as $$
declare
  v_text text := p_value #>> '{}';
begin
  if jsonb_typeof(p_value) = 'number' then
    return to_timestamp(v_text::float8);
  end if;
  if jsonb_typeof(p_value) = 'string'
     and v_text ~ '^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?$' then
    if v_text !~ '(Z|[T ].*[+-]\d\d(:?\d\d)?)$' then
      v_text := v_text || case when v_text ~ '[T ]' then 'Z' else 'T00:00:00Z' end;
    end if;
    return v_text::timestamptz;
  end if;
  raise exception using
    errcode = 'MH422',
    message = format('MH_NOT_A_TIMESTAMP: %s is neither an ISO 8601 timestamp nor seconds since 1970', left(p_value::text, 200)),
    detail  = '{"code": "MH_NOT_A_TIMESTAMP"}',
    hint    = 'Give text like 2026-03-01T12:00:00Z or a number of seconds.';
end $$;
