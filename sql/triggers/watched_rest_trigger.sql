-- The trigger belongs to the owner of the table, its function to the engine.
drop trigger if exists watched_rest on meshhook.watched_changes;
create constraint trigger watched_rest after insert on meshhook.watched_changes
  deferrable initially deferred
  for each row execute function meshhook_engine.watched_rest();
