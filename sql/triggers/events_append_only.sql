-- The log is append-only: no event, and no payload of one, is ever changed or deleted. Retention drops whole partitions.
create or replace function meshhook_engine.keep_log() returns trigger
language plpgsql as $$
begin
  raise exception using
    errcode = 'MH409',
    message = format('MH_LOG_APPEND_ONLY: %s is append-only', tg_argv[0]),
    detail = '{"code": "MH_LOG_APPEND_ONLY"}',
    hint = 'A run''s past cannot be changed; rerun it, or let retention drop old weeks as a whole.';
end $$;

create or replace trigger events_append_only before update or delete on meshhook.events
  for each row execute function meshhook_engine.keep_log('meshhook.events');
create or replace trigger payloads_append_only before update or delete on meshhook.payloads
  for each row execute function meshhook_engine.keep_log('meshhook.payloads');
create or replace trigger events_no_truncate before truncate on meshhook.events
  for each statement execute function meshhook_engine.keep_log('meshhook.events');
create or replace trigger payloads_no_truncate before truncate on meshhook.payloads
  for each statement execute function meshhook_engine.keep_log('meshhook.payloads');
