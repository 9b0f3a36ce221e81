-- role: meshhook_owner
-- Weekly partitions of everything that is keyed by time, from the week before p_now to p_weeks ahead. Returns how many were made.
-- Row level security does not come down to a partition by itself; each gets it here, so that a reader who names the partition
-- meets the same rules.
-- Called by: maintain.
create or replace function meshhook_engine.add_partitions(p_now timestamptz, p_weeks int) returns int
language plpgsql volatile set search_path = '' as $$
declare
  v_week  timestamp;  -- in UTC
  v_table text;
  v_part  text;
  v_made  int := 0;
begin
  perform pg_advisory_xact_lock(1835362152, 0);
  for v_week in
    select w from generate_series(
      date_trunc('week', p_now at time zone 'UTC') - interval '1 week',
      date_trunc('week', p_now at time zone 'UTC') + make_interval(weeks => p_weeks), interval '1 week') g(w)
  loop
    foreach v_table in array array['requests', 'request_terms', 'runs', 'events', 'payloads'] loop
      v_part := format('%s_%s', v_table, to_char(v_week, 'IYYY"w"IW'));
      continue when to_regclass(format('meshhook.%I', v_part)) is not null;
      execute format(
        'create table meshhook.%I partition of meshhook.%I for values from (%L) to (%L)', v_part, v_table,
        meshhook_engine.uuid_floor(v_week at time zone 'UTC'),
        meshhook_engine.uuid_floor((v_week + interval '1 week') at time zone 'UTC'));
      execute format('alter table meshhook.%I enable row level security, force row level security', v_part);
      execute format('grant select, insert, update, delete on meshhook.%I to meshhook_engine', v_part);
      if v_table = 'runs' then
        -- Half of each page for the updates of a run's life, so that they stay HOT: at 80 two thirds of them did not.
        execute format('alter table meshhook.%I set (fillfactor = 50)', v_part);
      end if;
      v_made := v_made + 1;
    end loop;
  end loop;
  return v_made;
end $$;
