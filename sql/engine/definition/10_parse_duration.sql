-- A duration as milliseconds: 250ms, 15s, 1.5h, 7d, 1h30m; units in falling order, each once. Null when it is not one,
-- or longer than ten years.
-- Called by: checks, compile, duration_ms.
create or replace function meshhook_engine.parse_duration(p_text text) returns bigint
language plpgsql immutable strict parallel safe as $$
declare
  v_parts text[];
  v_ms    numeric;
begin
  if length(p_text) not between 2 and 60 then
    return null;
  end if;
  v_parts := regexp_match(p_text,
    '^(?:(\d{1,9}(?:\.\d{1,9})?)d)?(?:(\d{1,9}(?:\.\d{1,9})?)h)?(?:(\d{1,9}(?:\.\d{1,9})?)m)?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,12}(?:\.\d{1,9})?)ms)?$');
  if v_parts is null then
    return null;
  end if;
  v_ms := coalesce(v_parts[1]::numeric, 0) * 86400000
        + coalesce(v_parts[2]::numeric, 0) * 3600000
        + coalesce(v_parts[3]::numeric, 0) * 60000
        + coalesce(v_parts[4]::numeric, 0) * 1000
        + coalesce(v_parts[5]::numeric, 0);
  return case when v_ms <= 315360000000 then round(v_ms)::bigint end;
end $$;
