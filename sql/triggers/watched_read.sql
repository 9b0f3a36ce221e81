-- First of the two triggers on a watched table: the changed row as JSON, put where the second one finds it.
-- Runs as whoever changes the table, on purpose: turning a row into JSON calls the casts of the column's types, which belong
-- to whoever made them, and must not run as the engine. For their sake it leaves the search path alone and names every function
-- in full. The WHEN of the trigger runs so too: PostgreSQL itself evaluates it.
-- Called by: triggers that watch_table makes.
create or replace function meshhook.watched_read() returns trigger
language plpgsql volatile as $$
begin
  perform pg_catalog.set_config(
    'meshhook.watched',
    pg_catalog.jsonb_build_object('op', pg_catalog.lower(tg_op), 'new', pg_catalog.to_jsonb(new), 'old', pg_catalog.to_jsonb(old))::pg_catalog.text, true);
  return null;
end $$;
