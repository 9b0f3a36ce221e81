-- When a cron text falls due next: what the console's preview and a schedule both ask. Reads no table, takes no lock.
create or replace function meshhook.next_due(cron text, timezone text default 'UTC', after timestamptz default null, count int default 5)
returns setof timestamptz
language plpgsql stable security definer set search_path = '' as $$
declare
  v_cron  meshhook_engine.cron := meshhook_engine.parse_cron(cron);
  v_zone  text := meshhook_engine.check_timezone(timezone);
  v_after timestamptz := coalesce(after, meshhook_engine.clock());
begin
  if v_after not between '1900-01-01Z' and '9900-01-01Z' or count is null or count not between 1 and 1000 then
    raise exception using
      errcode = 'MH400', message = 'MH_NEXT_DUE: after must lie between the years 1900 and 9900, and count between 1 and 1000',
      detail = '{"code": "MH_NEXT_DUE"}', hint = 'Leave both out for the next five due moments.';
  end if;
  return query select unnest(meshhook_engine.due_moments(v_cron, v_zone, date_trunc('second', v_after), v_after, v_after + interval '438300 hours', count));
end $$;
comment on function meshhook.next_due(text, text, timestamptz, int) is
  'The next moments at which a cron text falls due in a time zone, from now or after the moment given; no row when it never does.';
