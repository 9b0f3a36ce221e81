-- Breakers that have had something to do. A destination that never failed has no row: it is closed.
create or replace view meshhook.breaker_state with (security_invoker = true) as
select
  p.slug as project,
  b.key,
  b.state,
  b.failures,
  case when b.window_start is not null and b.window_calls > 0 then round(b.window_failures::numeric / b.window_calls, 3) end as failure_rate,
  b.opened_at,
  b.open_until,
  b.probe_run,
  b.opens,
  (select count(*) from meshhook.waits w where w.project_id = b.project_id and w.gate = 'breaker:' || b.key) as waiting,
  b.cause,
  b.updated_at
from meshhook.breakers b
join meshhook.projects p on p.id = b.project_id;
comment on view meshhook.breaker_state is 'Breakers of destinations that have had trouble. Trip and reset them with meshhook.trip_breaker and meshhook.reset_breaker.';
comment on column meshhook.breaker_state.project is 'Slug of the project.';
comment on column meshhook.breaker_state.key is 'The key the node gives, else the host of its url.';
comment on column meshhook.breaker_state.state is 'closed: calls go; open: none goes; half_open: one goes as a probe, the others wait for what comes of it.';
comment on column meshhook.breaker_state.failures is 'Failures in a row.';
comment on column meshhook.breaker_state.failure_rate is 'Share of failed calls in the current window, where a node sets a rate.';
comment on column meshhook.breaker_state.opened_at is 'When it last opened.';
comment on column meshhook.breaker_state.open_until is 'When the next probe may go; infinity: not before it is reset.';
comment on column meshhook.breaker_state.probe_run is 'The run whose call is the probe, while one is under way.';
comment on column meshhook.breaker_state.opens is 'How often it has opened.';
comment on column meshhook.breaker_state.waiting is 'Calls that wait for it.';
comment on column meshhook.breaker_state.cause is 'Why it last opened or closed.';
comment on column meshhook.breaker_state.updated_at is 'When it last changed.';
