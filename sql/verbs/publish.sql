-- Makes a definition the live version of a workflow: the given one, or the draft. Content that has a version already gets no
-- second one; it goes live again. Version numbers have no gaps, because publishing one workflow is done under its row's lock.
-- Locks: the workflow row. Notifies nobody: who starts runs reads the live version in the same transaction.
create or replace function meshhook.publish(
  project text, workflow text, definition jsonb default null, note text default null)
returns int
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project    int := meshhook_engine.require(project, 'edit');
  v_row        meshhook.workflows;
  v_definition jsonb;
  v_read       record;
  v_calls      meshhook_engine.problem[];
  v_sha        bytea;
  v_version    int;
begin
  v_row := meshhook_engine.lock_workflow(v_project, workflow, definition is not null);
  v_definition := coalesce(definition, v_row.draft);
  if v_definition is null then
    raise exception using
      errcode = 'MH404',
      message = format('MH_DRAFT_UNKNOWN: workflow %s has no draft to publish', quote_literal(workflow)),
      detail = '{"code": "MH_DRAFT_UNKNOWN"}',
      hint = 'Give the definition, or save a draft first.';
  end if;
  v_read := meshhook_engine.read_definition(v_definition);
  if v_read.compiled is not null and v_definition ->> 'name' <> workflow then
    v_read.problems := v_read.problems || meshhook_engine.problem('MH_DEF_NAME', '/name', null,
      format('the definition is named "%s", the workflow "%s"', v_definition ->> 'name', workflow));
    v_read.compiled := null;
  end if;
  if v_read.compiled is not null then
    v_calls := meshhook_engine.check_calls(v_project, v_definition);
    if exists (select from unnest(v_calls) c where c.severity = 'error') then
      v_read.problems := v_read.problems || v_calls;
      v_read.compiled := null;
    end if;
  end if;
  if v_read.compiled is null then
    perform meshhook_engine.refuse(v_read.problems);
  end if;

  v_sha := meshhook_engine.definition_sha256(v_definition);
  select v.version into v_version from meshhook.workflow_versions v where v.workflow_id = v_row.id and v.sha256 = v_sha;
  if v_version is null then
    select coalesce(max(v.version), 0) + 1 into v_version from meshhook.workflow_versions v where v.workflow_id = v_row.id;
    insert into meshhook.workflow_versions (project_id, workflow_id, version, definition, compiled, nodes, sha256, note, published_by)
    values (v_project, v_row.id, v_version, v_definition, v_read.compiled, meshhook_engine.nodes_of(v_read.compiled), v_sha, left(publish.note, 2000), meshhook.principal());
  end if;
  -- A draft that somebody is working on stays; one that only says what was live follows.
  update meshhook.workflows w
  set live_version = v_version,
      title = coalesce(v_definition ->> 'title', w.title),
      draft = case when follows.yes then v_definition else w.draft end,
      draft_sha256 = case when follows.yes then sha256(convert_to(v_definition::text, 'UTF8')) else w.draft_sha256 end,
      updated_at = now()
  from (select v_row.draft is null or exists (
    select from meshhook.workflow_versions v
    where v.workflow_id = v_row.id and v.version = v_row.live_version
      and v.sha256 = meshhook_engine.definition_sha256(v_row.draft)) as yes) follows
  where w.id = v_row.id;
  return v_version;
end $$;
comment on function meshhook.publish(text, text, jsonb, text) is
  'Publishes a definition (or the draft) and makes it live. Answers with the version number; unchanged content keeps the version it has.';
