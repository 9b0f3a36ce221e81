-- The first due moment after p_after; null when there is none within fifty years: no date of the calendar comes as seldom.
-- Called by: add_schedule, resume_schedule, wake_schedules.
create or replace function meshhook_engine.due_after(p_cron meshhook_engine.cron, p_zone text, p_anchor timestamptz, p_after timestamptz)
returns timestamptz
language sql stable
return (meshhook_engine.due_moments(p_cron, p_zone, p_anchor, p_after, p_after + interval '438300 hours', 1))[1];
