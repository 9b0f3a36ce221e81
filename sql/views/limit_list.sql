-- Limits that are set, and how they stand.
create or replace view meshhook.limit_list with (security_invoker = true) as
select
  p.slug as project,
  'calls' as kind,
  nullif(c.key, '') as key,
  (c.value -> 'amount')::bigint as amount,
  make_interval(secs => (c.value -> 'per_ms')::float8 / 1000) as per,
  (c.value -> 'burst')::int as burst,
  null::bigint as used,
  (select count(*) from meshhook.waits w where w.project_id = p.id and w.gate = 'rate:' || c.key) as waiting,
  (select b.next_at from meshhook.rate_buckets b where b.project_id = p.id and b.key = c.key) as booked_until
from meshhook.projects p
cross join lateral jsonb_each(p.limits -> 'calls') c
union all
select p.slug, 'open_runs', null, (p.limits -> 'open_runs')::bigint, null, null,
       (select count(*) from meshhook.open_runs o where o.project_id = p.id), null, null
from meshhook.projects p
where p.limits ? 'open_runs';
comment on view meshhook.limit_list is 'Limits of projects and how they stand. Set and taken away with meshhook.set_limit.';
comment on column meshhook.limit_list.project is 'Slug of the project.';
comment on column meshhook.limit_list.kind is 'calls: a rate of outgoing calls; open_runs: a cap on runs that are open at once.';
comment on column meshhook.limit_list.key is 'Host of the destination; null: all of the project.';
comment on column meshhook.limit_list.amount is 'How many.';
comment on column meshhook.limit_list.per is 'In how long; null for a cap.';
comment on column meshhook.limit_list.burst is 'How many may go at once after a quiet time; null for a cap.';
comment on column meshhook.limit_list.used is 'How much of a cap is used; null for a rate.';
comment on column meshhook.limit_list.waiting is 'Calls that wait for their moment; null for a cap.';
comment on column meshhook.limit_list.booked_until is 'Until when the rate is given away to calls that have asked; null when it is free, and for a cap.';
