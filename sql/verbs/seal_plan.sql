-- What a client must know to seal a value for a project: its id and its newest data key (null when it has none yet), and
-- for a secret the version that the value will have. Takes no lock; put_secret refuses a version that somebody else took.
-- Called by: the command line and the API, before put_secret and add_endpoint_secret.
create or replace function meshhook.seal_plan(project text, name text default '')
returns table (project_id int, version int, key_id uuid, kek text, wrapped bytea)
language sql stable security definer set search_path = '' as $$
  select p.id, coalesce((select s.version from meshhook.secrets s where s.project_id = p.id and s.name = seal_plan.name), 0) + 1,
         k.id, k.kek_id, k.wrapped
  from (select meshhook_engine.require(project, 'admin') as id) p
  left join lateral (
    select k.id, k.kek_id, k.wrapped from meshhook.key_ring k where k.project_id = p.id order by k.created_at desc, k.id desc limit 1
  ) k on true;
$$;
comment on function meshhook.seal_plan(text, text) is
  'What is needed to seal a value for a project outside the database: its newest data key, still wrapped, and the version that the value will have.';
