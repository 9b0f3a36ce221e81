-- Keeps a draft, right or wrong; makes the workflow when it is new. Answers with the draft's sha256 (hex): the base_sha of the
-- next save. When base_sha is given and the draft is another by now, nothing is kept and the caller is told.
-- Locks: the workflow row. Notifies nobody.
create or replace function meshhook.save_draft(
  project text, workflow text, definition jsonb, title text default null, base_sha text default null)
returns text
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require(project, 'edit');
  v_row     meshhook.workflows;
  v_sha     bytea;
begin
  if jsonb_typeof(definition) is distinct from 'object' then
    raise exception using
      errcode = 'MH422',
      message = format('MH_DEF_TYPE: a definition is an object, got %s', meshhook_engine.quote(definition)),
      detail = '{"code": "MH_DEF_TYPE"}',
      hint = 'A draft may be wrong in any way, but it is a JSON object.';
  end if;
  if octet_length(definition::text) > 1048576 then
    raise exception using
      errcode = 'MH422',
      message = format('MH_DEF_TOO_LARGE: %s bytes, at most 1048576 are allowed', octet_length(definition::text)),
      detail = '{"code": "MH_DEF_TOO_LARGE"}',
      hint = 'Split the workflow, or move test data out of pins.';
  end if;
  v_row := meshhook_engine.lock_workflow(v_project, workflow, true);
  if base_sha is not null and lower(base_sha) is distinct from encode(v_row.draft_sha256, 'hex') then
    raise exception using
      errcode = 'MH409',
      message = format('MH_DRAFT_CONFLICT: the draft of %s was changed by somebody else', quote_literal(workflow)),
      detail = jsonb_build_object('code', 'MH_DRAFT_CONFLICT', 'sha256', encode(v_row.draft_sha256, 'hex'), 'updated_at', v_row.updated_at)::text,
      hint = 'Read the draft again, merge, and save with its sha256 as base_sha.';
  end if;
  v_sha := sha256(convert_to(definition::text, 'UTF8'));
  update meshhook.workflows w
  set draft = definition,
      draft_sha256 = v_sha,
      title = coalesce(left(save_draft.title, 200), left(case jsonb_typeof(definition -> 'title') when 'string' then definition ->> 'title' end, 200), w.title),
      updated_at = now()
  where w.id = v_row.id;
  return encode(v_sha, 'hex');
end $$;
comment on function meshhook.save_draft(text, text, jsonb, text, text) is
  'Keeps the draft of a workflow (made when new), valid or not. Answers with its sha256; give that as base_sha next time to be told of others'' changes.';
