-- Takes in requests that a door has acknowledged from its disk while the database was away: with the id and the moment of arrival
-- that the door has given them. One that is here already (its commit went through though the door did not hear of it, or the spool
-- is read once more after a crash) is left alone, so each is taken in once.
-- Locks, notifies: see accept. Called by: the door, in the order of arrival.
create or replace function meshhook_engine.take_spooled(p_process int, p_items jsonb[], p_bodies bytea[]) returns int
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_items  jsonb[];
  v_bodies bytea[];
begin
  select array_agg(x.item order by x.ord), array_agg(x.body order by x.ord) into v_items, v_bodies
  from unnest(p_items, p_bodies) with ordinality x(item, body, ord)
  where not exists (select from meshhook.requests q where q.id = (x.item ->> 'id')::uuid);
  if v_items is null then
    return 0;
  end if;
  return (select count(*) from meshhook_engine.accept(p_process, 0, v_items, v_bodies));
end $$;
