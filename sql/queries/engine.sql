-- Hot path: one round trip a group. Nullable uuids travel as text, nullable JSON as the JSON null.

-- name: Register :one
select meshhook_engine.register(@name::text, @version::text)::int as process;

-- name: Beat :one
select meshhook_engine.beat(@process::int, @jobs::bigint[])::int as held;

-- name: Hold :exec
-- Waits until the session that held the lock before is gone.
select pg_advisory_lock(1835362152, @process::int);

-- name: Evict :exec
-- Ends a session that holds the process's lock and that the process has lost: the server may not know of that for hours.
select pg_terminate_backend(l.pid) from pg_catalog.pg_locks l
where l.locktype = 'advisory' and l.classid = 1835362152 and l.objid = (@process::int)::oid and l.objsubid = 2 and l.granted
  and l.pid <> pg_backend_pid() and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database());

-- name: Endpoint :one
select coalesce(meshhook_engine.endpoint(@token::text), 'null')::jsonb as endpoint;

-- name: DoorRates :many
select r.item::int as item, r.allowed::bool as allowed, coalesce(r.most, 0)::int as most, coalesce(r."left", 0)::int as remaining, r.reset_ms::bigint as reset_ms, r.retry_ms::bigint as retry_ms
from meshhook_engine.door_rates(@endpoints::uuid[]) r;

-- name: TakeSpooled :one
select meshhook_engine.take_spooled(@process::int, @items::jsonb[], @bodies::bytea[])::int as taken;

-- name: CountRejections :exec
select meshhook_engine.count_rejections(@endpoints::uuid[], @causes::text[], @counts::bigint[]);

-- name: Accept :many
select a.item::int as item, a.verdict::text as verdict, coalesce(a.cause, '')::text as cause, coalesce(a.message, '')::text as message,
       coalesce(a.request_id::text, '')::text as request_id, coalesce(a.run_id::text, '')::text as run_id, coalesce(a.status, '')::text as status,
       coalesce(a.output, 'null')::jsonb as output, coalesce(a.error, 'null')::jsonb as error, a.calls::jsonb as calls
from meshhook_engine.accept(@process::int, @take::int, @items::jsonb[], @bodies::bytea[]) a;

-- name: Begin :many
select b.job::bigint as job, b.run_id::text as run_id, b.calls::jsonb as calls
from meshhook_engine.begin(@process::int, @jobs::bigint[]) b;

-- name: Deliver :many
select d.item::int as item, d.verdict::text as verdict, coalesce(d.run_id::text, '')::text as run_id, coalesce(d.status, '')::text as status, d.calls::jsonb as calls
from meshhook_engine.deliver(@process::int, @take::int, @results::jsonb[], @bodies::bytea[]) d;

-- name: Release :one
select meshhook_engine.release(@process::int, @jobs::bigint[])::int as released;

-- name: Recall :one
select meshhook_engine.recall(@process::int, @held::bigint[], '{scheduled,running}', '3 seconds')::int as recalled;

-- name: Wake :many
select w.task::text as task, w.did::int as did from meshhook_engine.wake(@process::int, @max::int) w;

-- name: Upkeep :many
select m.task::text as task, m.did::int as did from meshhook_engine.maintain() m;

-- name: RunResults :many
select r.run_id::text as run_id, r.status::text as status, coalesce(r.output, 'null')::jsonb as output, coalesce(r.error, 'null')::jsonb as error,
       coalesce(r.response, 'null')::jsonb as response
from meshhook_engine.run_results(@runs::uuid[]) r;

-- name: TakeReevaluations :many
select t.id::bigint as id, coalesce(t.received_at, 'epoch')::timestamptz as received_at, coalesce(t.method, '')::text as method, coalesce(t.evidence, '')::bytea as evidence,
       coalesce(t.body, '')::bytea as body, coalesce(t.endpoint, 'null')::jsonb as endpoint
from meshhook_engine.take_reevaluations(@max::int) t;

-- name: SettleReevaluation :one
select coalesce(meshhook_engine.settle_reevaluation(@id::bigint, nullif(@refusal::jsonb, 'null')), '')::text as verdict;

-- name: Approval :one
select meshhook_engine.approval(@token::text)::jsonb as approval;

-- name: AnswerApproval :exec
select meshhook_engine.answer_approval(@token::text, @approved::boolean, @note::text, 'link');

-- name: Rejoin :exec
select meshhook_engine.rejoin(@process::int, @name::text, @version::text);

-- name: Unwanted :many
select u.n::int as n from meshhook_engine.unwanted(@runs::uuid[], @steps::text[], @attempts::int[]) u(n);
