-- +goose Up
alter table meshhook.requests add column spooled_until timestamptz;
comment on column meshhook.requests.spooled_until is 'Of a request that came while the database was away and was acknowledged from a server''s disk: when it was taken in from there.';
