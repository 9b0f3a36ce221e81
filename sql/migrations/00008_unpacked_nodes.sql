-- +goose Up
-- The nodes of a version as the state machine walks them, unpacked when it is published: unpacking them for each group cost
-- more than deciding a run of it. A cache: made again from compiled where it is null.

alter table meshhook.workflow_versions add column nodes meshhook_engine.node[];
comment on column meshhook.workflow_versions.nodes is 'Its nodes, unpacked for the state machine; a cache of compiled.';
