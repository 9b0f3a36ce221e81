-- Steps are no table: they are read from the log and the frontier. Give a run_id in the where clause.
create or replace view meshhook.run_steps with (security_invoker = true) as
select r.id as run_id, s.step, s.type, s.status, s.attempts, s.seq, s.finished_at, s.output, s.error
from meshhook.runs r
cross join lateral meshhook_engine.run_steps_of(r.id) s;
comment on view meshhook.run_steps is 'Each step of a run: status, attempts, output. Ask for one run: where run_id = ...';
comment on column meshhook.run_steps.run_id is 'The run.';
comment on column meshhook.run_steps.step is 'The node''s id.';
comment on column meshhook.run_steps.type is 'The node''s type.';
comment on column meshhook.run_steps.status is 'ready, running, retrying, waiting, succeeded, failed, skipped or canceled.';
comment on column meshhook.run_steps.attempts is 'Attempts made, for a call.';
comment on column meshhook.run_steps.seq is 'The event that settled it.';
comment on column meshhook.run_steps.finished_at is 'When it was settled.';
comment on column meshhook.run_steps.output is 'What it gave.';
comment on column meshhook.run_steps.error is 'What went wrong, when it failed.';
