-- The class of a run's error, in one word: that of the call that failed, or what else it was.
-- Called by: fingerprint, the views dead_letters and dead_letter_groups.
create or replace function meshhook_engine.error_class(p_error jsonb) returns text
language sql immutable parallel safe
return coalesce(p_error ->> 'class', case p_error ->> 'code'
  when 'MH_DEADLINE' then 'deadline' when 'MH_POISON' then 'crash' when 'MH_RUN_TOO_LARGE' then 'size'
  when 'MH_TERMINATED' then 'terminated' when 'MH_INTERNAL' then 'internal' else 'data' end);
