-- Whatever changes configuration is written down, whoever does it and by whatever means: a verb, the console, or somebody
-- with psql. A row a changed row; these tables change by hand, not by traffic. What traffic writes (runs, events, requests,
-- waits) has its own log and never a trigger of this kind.
--
-- Detail: {"new"} of what was made, {"old"} of what was deleted, of a change both with the changed columns only. Columns
-- that hold secrets, tokens or whole definitions are named in "hidden" when they changed, never shown.
create or replace function meshhook_engine.audit_changes() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_noun    constant text := tg_argv[0];
  v_target  constant text := tg_argv[1];         -- column that names the row
  v_hidden  constant text[] := tg_argv[2]::text[];
  v_old     jsonb;
  v_new     jsonb;
  v_row     jsonb;
  v_detail  jsonb := '{}';
  v_changed text[];
begin
  if tg_op <> 'INSERT' then
    v_old := to_jsonb(old);
  end if;
  if tg_op <> 'DELETE' then
    v_new := to_jsonb(new);
  end if;
  v_row := coalesce(v_new, v_old);
  if tg_op = 'UPDATE' then
    v_changed := array(select n.key from jsonb_each(v_new) n where n.value <> v_old -> n.key and n.key not in ('updated_at', 'resumed_at') order by 1);
    if v_changed = '{}' then
      return null;
    end if;
    v_old := (select jsonb_object_agg(k, v_old -> k) from unnest(v_changed) k);
    v_new := (select jsonb_object_agg(k, v_new -> k) from unnest(v_changed) k);
    if v_changed && v_hidden then
      v_detail := jsonb_build_object('hidden', array(select k from unnest(v_changed) k where k = any (v_hidden)));
    end if;
  end if;
  if v_old is not null then
    v_detail := v_detail || jsonb_build_object('old', meshhook_engine.audit_values(v_old, v_hidden));
  end if;
  if v_new is not null then
    v_detail := v_detail || jsonb_build_object('new', meshhook_engine.audit_values(v_new, v_hidden));
  end if;
  perform meshhook_engine.audit(
    coalesce(nullif(v_row -> 'project_id', 'null'), case when tg_table_name = 'projects' then v_row -> 'id' end)::int,
    v_noun || case tg_op when 'INSERT' then '.created' when 'DELETE' then '.deleted' else '.changed' end,
    case tg_table_name
      when 'workflow_versions' then concat((select w.name from meshhook.workflows w where w.id = (v_row -> 'workflow_id')::int), ' v', v_row ->> 'version')
      when 'endpoint_secrets' then coalesce((select e.name from meshhook.endpoints e where e.id = (v_row ->> 'endpoint_id')::uuid), v_row ->> 'endpoint_id')
      when 'endpoint_workflows' then coalesce((select e.name from meshhook.endpoints e where e.id = (v_row ->> 'endpoint_id')::uuid), v_row ->> 'endpoint_id')
      else v_row ->> v_target end,
    v_detail);
  return null;
end $$;

do $$
declare
  v record;
begin
  for v in
    select * from (values
      ('projects',           'project',           'slug',      '{}', null),
      ('members',            'member',            'principal', '{}', null),
      ('vars',               'var',               'name',      '{}', null),
      ('secrets',            'secret',            'name',      '{sealed,key_id}', null),
      ('key_ring',           'data_key',          'id',        '{wrapped}', null),
      ('workflows',          'workflow',          'name',      '{draft}', null),
      ('workflow_versions',  'version',           null,        '{definition,compiled,nodes}', null),
      ('endpoints',          'endpoint',          'name',      '{token}', null),
      ('endpoint_secrets',   'endpoint_secret',   null,        '{sealed,key_id}', null),
      ('endpoint_workflows', 'endpoint_workflow', null,        '{}', null),
      ('verify_presets',     'preset',            'name',      '{}', null),
      -- What these do is written into their rows as well: only what people set is watched.
      ('schedules',          'schedule',          'name',      '{}', 'name, workflow_id, cron, timezone, catch_up, overlap, input, state'),
      ('watched_tables',     'watched_table',     'relation',  '{}', 'workflow_id, relation, events, condition, key, batch'),
      ('settings',           'setting',           'name',      '{}', null),
      ('trusted_sessions',   'trusted_session',   'role_name', '{}', null)
    ) as t (name, noun, target, hidden, watched)
  loop
    execute format(
      'create or replace trigger audit_changes after insert or delete or update%5$s on meshhook.%1$I for each row execute function meshhook_engine.audit_changes(%2$L, %3$L, %4$L)',
      v.name, v.noun, coalesce(v.target, ''), v.hidden, ' of ' || v.watched);
  end loop;
end $$;
