-- The name of a time zone as the server spells it, or an error. Only named zones: abbreviations and POSIX texts such as UTC+3
-- (three hours west, to everybody's surprise) have no rules that change, or the wrong sign.
-- Called by: add_schedule, next_due.
create or replace function meshhook_engine.check_timezone(p_zone text) returns text
language plpgsql stable as $$
declare
  v_zone text;
begin
  if p_zone = 'UTC' or p_zone ~ '^[A-Z][A-Za-z_]{1,30}(/[A-Z][A-Za-z_]{1,30}){1,2}$' then  -- the usual ones, without reading the list
    begin
      perform now() at time zone p_zone;
      return p_zone;
    exception
      when invalid_parameter_value then null;
    end;
  elsif p_zone ~ '^[A-Za-z0-9_+/-]{1,60}$' then
    select z.name into v_zone from pg_catalog.pg_timezone_names z where lower(z.name) = lower(p_zone) order by z.name <> p_zone limit 1;
  end if;
  if v_zone is null then
    raise exception using
      errcode = 'MH422',
      message = format('MH_TIMEZONE: %s is no time zone', coalesce(quote_literal(left(p_zone, 60)), 'null')),
      detail = jsonb_build_object('code', 'MH_TIMEZONE')::text,
      hint = 'Give a name such as UTC or Europe/Berlin: select name from pg_timezone_names.';
  end if;
  return v_zone;
end $$;
