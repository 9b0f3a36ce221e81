-- A duration as milliseconds: 250ms, 15s, 1.5h, 7d, 1h30m; units in falling order, each once. Null when it is not one,
-- or longer than ten years.
-- Called by: checks, compile, duration_ms.
create or replace function meshhook_engine.parse_duration(p_text text) returns bigint
language plpgsql immutable strict parallel safe as $$
declare
  v_unit  text := ltrim(p_text, '0123456789');
  v_parts text[];
  v_ms    numeric;
begin
  if length(p_text) not between 2 and 60 then
    return null;
  end if;
  if length(p_text) - length(v_unit) between 1 and 4 and v_unit in ('ms', 's', 'm', 'h', 'd') then  -- the usual ones, without a regular expression
    v_ms := left(p_text, -length(v_unit))::int * case v_unit when 'ms' then 1 when 's' then 1000 when 'm' then 60000 when 'h' then 3600000 else 86400000 end::numeric;
    return case when v_ms <= 315360000000 then v_ms::bigint end;
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
