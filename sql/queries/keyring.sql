-- name: DataKey :one
select k.project::int as project, k.kek::text as kek, k.wrapped::bytea as wrapped
from meshhook_engine.data_key(@key::uuid) k;

-- name: Secret :one
select s.version::int as version, s.key_id::uuid as key_id, s.sealed::bytea as sealed
from meshhook_engine.secret(@project::int, @name::text) s;

-- name: SealPlan :one
select p.project_id::int as project_id, p.version::int as version, coalesce(p.key_id::text, '')::text as key_id,
       coalesce(p.kek, '')::text as kek, coalesce(p.wrapped, '')::bytea as wrapped
from meshhook.seal_plan(@project::text, @name::text) p;

-- name: AddDataKey :one
select meshhook.add_data_key(@project::text, @id::uuid, @kek_id::text, @wrapped::bytea)::uuid as id;

-- name: PutSecret :one
select meshhook.put_secret(@project::text, @name::text, @key_id::uuid, @sealed::bytea, @version::int)::int as version;

-- name: DeleteSecret :one
select meshhook.delete_secret(@project::text, @name::text)::boolean as deleted;

-- name: AddEndpointSecret :one
select meshhook.add_endpoint_secret(@endpoint::uuid, @id::uuid, @key_id::uuid, @sealed::bytea, @fingerprint::text,
  sqlc.narg(valid_from)::timestamptz, sqlc.narg(valid_until)::timestamptz)::uuid as id;

-- name: RevokeEndpointSecret :one
select meshhook.revoke_endpoint_secret(@endpoint::uuid, @id::uuid)::boolean as revoked;
