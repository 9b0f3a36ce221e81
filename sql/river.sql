-- What the queue's tables need after River's own migrations: no index nobody reads, and who may use them.
-- Job rows are inserted, claimed and deleted by the engine and by River's client in the worker; nobody else sees them.

-- Arguments and metadata are never searched, and every job is of one kind; the three indexes cost a quarter of the queue's
-- write-ahead log.
drop index if exists meshhook_river.river_job_args_index, meshhook_river.river_job_metadata_index, meshhook_river.river_job_kind;

-- River's own index for claiming ends with the id. While the statistics say that the queue is empty, as they mostly do, a lookup by
-- id through it seems as cheap as one by the primary key, although it reads the whole index; a plan made then is kept. Without
-- the id it serves claiming as well (rows differ in their moment), and cannot be mistaken.
create index if not exists river_job_turn on meshhook_river.river_job (state, queue, priority, scheduled_at);
drop index if exists meshhook_river.river_job_prioritized_fetching_index;

-- Whose turn it is (meshhook_engine.turn), and what came back (keep_turns). Both hold rows that are available only: a row that is
-- leased or claimed never stands in them.
create index if not exists river_job_project on meshhook_river.river_job ((args ->> 'project'), scheduled_at) where state = 'available' and kind = 'run';
create index if not exists river_job_returned on meshhook_river.river_job (id) where state = 'available' and attempted_at is not null and priority > 1;

grant usage on schema meshhook_river to meshhook_worker, meshhook_engine;
grant select, insert, update, delete on all tables in schema meshhook_river to meshhook_worker, meshhook_engine;
grant usage, select on all sequences in schema meshhook_river to meshhook_worker, meshhook_engine;
grant execute on all functions in schema meshhook_river to meshhook_worker, meshhook_engine;
revoke insert, update, delete on meshhook_river.river_migration from meshhook_worker, meshhook_engine;
