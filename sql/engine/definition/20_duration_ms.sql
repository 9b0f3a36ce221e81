-- A duration as milliseconds, or an error: for durations that are known only at run time.
-- Called by: node_delay, verbs.
create or replace function meshhook_engine.duration_ms(p_text text) returns bigint
language plpgsql immutable parallel safe as $$
declare
  v_ms bigint := meshhook_engine.parse_duration(p_text);
begin
  if v_ms is null then
    raise exception using
      errcode = 'MH422',
      message = format('MH_DURATION: %s is not a duration', coalesce(quote_literal(left(p_text, 60)), 'null')),
      detail = '{"code": "MH_DURATION"}',
      hint = 'Give something like 250ms, 15s, 1.5h, 7d or 1h30m, ten years at most.';
  end if;
  return v_ms;
end $$;
