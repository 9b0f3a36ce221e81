-- Schedules are configuration: who changes one is written down. What the engine keeps in the row as moments fall due is not.
create or replace trigger audit_changes
  after insert or delete or update of name, workflow_id, cron, timezone, catch_up, overlap, input, state on meshhook.schedules
  for each row execute function meshhook_engine.audit_changes('schedule', 'name', '{}');
