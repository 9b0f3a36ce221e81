-- Keeps the values by which requests shall be found, for endpoints with the option search.
-- Locks: none on existing rows. Called by: sift.
create or replace function meshhook_engine.index_terms(p_received meshhook_engine.received[]) returns void
language sql volatile as $$
  insert into meshhook.request_terms (project_id, path, value, request_id)
  select distinct r.project_id, s.path, left(t.value, 200), r.request_id
  from unnest(p_received) r
  cross join lateral jsonb_array_elements_text(r.door -> 'search') s(path)
  cross join lateral (select r.trigger #>> string_to_array(s.path, '.') as value) t
  where r.trigger is not null and t.value is not null
  on conflict do nothing  -- one that is taken in again
$$;
