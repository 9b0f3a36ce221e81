-- Whether the day of month is one that the cron text allows. Called by: due_moments.
create or replace function meshhook_engine.cron_day(p_cron meshhook_engine.cron, p_day date) returns boolean
language sql immutable
return extract(day from p_day)::int = any (p_cron.days) or p_cron.last_day and extract(day from p_day + 1) = 1;
