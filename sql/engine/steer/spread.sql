-- When the n-th (from 1) of many may begin: at once, or spread so that p_per_second begin each second. Null is at once.
-- Raises MH_RATE for a rate that is none. Called by: retry_all, rerun_all, resume_all.
create or replace function meshhook_engine.spread(p_n int, p_per_second numeric, p_now timestamptz) returns timestamptz
language plpgsql immutable as $$
begin
  if p_per_second <= 0 or p_per_second = 'NaN' then
    raise exception using
      errcode = 'MH400', message = format('MH_RATE: %s a second is no rate', p_per_second), detail = '{"code": "MH_RATE"}',
      hint = 'Give how many may begin each second, such as 10 or 0.5, or null for all at once.';
  end if;
  return case when p_n > 1 and p_per_second < 100000 then p_now + make_interval(secs => ((p_n - 1) / p_per_second)::float8) end;
end $$;
