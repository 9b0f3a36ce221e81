-- Which tables are watched is configuration: who changes it is written down.
create or replace trigger audit_changes
  after insert or delete or update of events, condition, key, batch on meshhook.watched_tables
  for each row execute function meshhook_engine.audit_changes('watch', 'relation', '{}');
