-- +goose Up
-- The two shapes that pass between deciding and writing.

-- What decide makes of one event: the frontier after it and the events that follow from it.
create type meshhook_engine.decision as (
  missing  text[],              -- outputs that must be loaded first: 'trigger' or step ids; then decide is asked again
  frontier jsonb,
  effects  jsonb,               -- events that follow, in order: [{type, step, attempt, data}]
  opened   text[],              -- steps that were opened or put off, in order
  steps    jsonb,               -- outputs known after it, for the next event of the same run in one commit
  status   meshhook.run_status, -- running, or how the run ended
  output   jsonb,
  error    jsonb
);

-- What one transaction changes in one run; written by meshhook_engine.write.
create type meshhook_engine.change as (
  run_id       uuid,
  is_new       boolean,
  project_id   int,
  workflow_id  int,
  version_id   int,
  trigger      text,
  request_id   uuid,
  business_key text,
  parent_id    uuid,
  origin_id    uuid,
  deadline_at  timestamptz,
  seq          int,             -- of the last event before this change
  status       meshhook.run_status,
  frontier     jsonb,
  jobs         jsonb,           -- step -> queue row, after the change
  output       jsonb,
  error        jsonb,
  events       jsonb,           -- [{type, step, attempt, data, digest}]
  waits        jsonb,           -- [{step, kind, due}] to be set
  had_waits    boolean,         -- whether wait rows of the run may have to go
  new_job      bigint,          -- queue row to insert for this process, leased
  free_job     bigint,          -- queue row to insert for anybody, available
  drop_jobs    bigint[]         -- queue rows to delete
);

-- Who does what is open now: leases for this process, queue rows for others, waits for later.
create type meshhook_engine.placement as (
  jobs      jsonb,
  waits     jsonb,
  new_job   bigint,
  free_job  bigint,
  drop_jobs bigint[],
  calls     jsonb,              -- work items for this process
  taken     int
);
