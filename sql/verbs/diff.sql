-- What changed from version a to version b, as rows: add, remove or replace at a JSON pointer. Null stands for the draft.
-- ui and pins are left out, as they are of a version's identity. Edges are compared as a set, so that one more edge is one row.
-- Takes no locks.
create or replace function meshhook.diff(project text, workflow text, a int, b int)
returns table (op text, path text, was jsonb, "is" jsonb)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project  int := meshhook_engine.require(project, 'view');
  v_workflow int := meshhook_engine.require_workflow(v_project, workflow);
  v_draft    jsonb;
begin
  if a is null or b is null then
    select w.draft into v_draft from meshhook.workflows w where w.id = v_workflow;
    if v_draft is null then
      raise exception using
        errcode = 'MH404',
        message = format('MH_DRAFT_UNKNOWN: workflow %s has no draft to compare', quote_literal(workflow)),
        detail = '{"code": "MH_DRAFT_UNKNOWN"}',
        hint = 'Name two versions.';
    end if;
  end if;
  return query
    select d.op, d.path, d.was, d."is"
    from meshhook_engine.diff(
      case when a is null then v_draft else meshhook_engine.require_version(v_workflow, a) end - array['ui', 'pins'],
      case when b is null then v_draft else meshhook_engine.require_version(v_workflow, b) end - array['ui', 'pins']) d;
end $$;
comment on function meshhook.diff(text, text, int, int) is
  'Differences between two versions of a workflow (null: the draft): op, JSON pointer, what was, what is. Ignores ui.';
