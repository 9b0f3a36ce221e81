-- +goose Up
-- The shapes that pass between reading, deciding, placing and writing. Typed rather than jsonb: the state machine looks at
-- them many times a step, and a field of a row costs a tenth of a key of a jsonb.

-- A node as the state machine walks it, unpacked from the compiled definition once a group.
create type meshhook_engine.node as (
  id         text,
  kind       text,
  mask       text,              -- what its expressions look at: T trigger, I input, R run, V vars, S steps; in this order
  steps      text[],            -- steps they name; {*} when that cannot be told
  any_join   boolean,
  go_on      boolean,           -- on_error: continue
  on_failure boolean,           -- has an edge from its port error
  ins        int[],             -- incoming edges, numbered from 1
  sources    int[],             -- the node each of them comes from, 0 for the trigger
  next_edges int[],
  next_nodes int[],
  next_ports text[],
  spec       jsonb              -- the compiled node itself
);

-- A fact: one row of the log before it is written.
create type meshhook_engine.fact as (
  type    meshhook.event_type,
  step    text,
  attempt smallint,
  data    jsonb,
  digest  bytea
);

-- What decide makes of one event: the frontier after it and the facts that follow from it.
create type meshhook_engine.decision as (
  missing  text[],              -- outputs that must be loaded first: 'trigger', 'vars' or step ids; then decide is asked again
  frontier jsonb,
  effects  meshhook_engine.fact[],
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
  deadline_at  timestamptz,
  seq          int,             -- of the last event before this change
  status       meshhook.run_status,
  frontier     jsonb,
  jobs         jsonb,           -- step -> queue row, after the change
  output       jsonb,
  error        jsonb,
  events       meshhook_engine.fact[],
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

-- A webhook as it will be kept; made by meshhook_engine.receive.
create type meshhook_engine.received as (
  ord         int,
  request_id  uuid,
  project_id  int,
  endpoint_id uuid,
  verdict     meshhook.verdict,
  cause       text,
  message     text,
  trigger     jsonb,            -- null when it starts nothing
  body_hash   text,
  workflows   int[],            -- the primary one first
  run_ids     uuid[]
);

-- What the sender of a webhook is told of its run.
create type meshhook_engine.answer as (
  run_id uuid,
  status text,
  output jsonb,
  error  jsonb,
  calls  jsonb
);
