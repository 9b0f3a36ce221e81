-- A run that ends, in whatever way, gives back what it held in the same commit; those who wait for its slot are woken. A run
-- that is opened again (retry) holds its slot again, whatever the limit says: somebody wanted it to go on.
-- Only runs that something holds (slotted) come here: for all others the condition is all there is.
create or replace function meshhook_engine.slot_freed() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_slot meshhook.concurrency_slots;
  v_next uuid;
begin
  if new.finished_at is null then
    perform meshhook_engine.count_run(new.project_id, new.id);
    insert into meshhook.concurrency_slots (run_id, project_id, workflow_id, state, key, max_runs, on_limit, asked_at, held_at)
    select new.id, new.project_id, new.workflow_id, 'held', f.data #>> '{held,key}', 1, 'queue', new.started_at, meshhook_engine.clock()
    from meshhook_engine.facts(new.id, array[1]) f where f.data ? 'held'
    on conflict do nothing;
    return null;
  end if;
  delete from meshhook.open_runs o where o.project_id = new.project_id and o.run_id = new.id;
  delete from meshhook.concurrency_slots s where s.run_id = new.id returning s.* into v_slot;
  if v_slot.run_id is null then
    return null;
  end if;
  delete from meshhook.waits w where w.run_id = new.id;
  if v_slot.key is not null then
    select s.run_id into v_next from meshhook.concurrency_slots s
    where s.workflow_id = v_slot.workflow_id and s.key = v_slot.key and s.state = 'queued' and s.verdict is null limit 1;
    if v_next is not null then
      perform meshhook_engine.nudge(v_next, new.project_id);
    end if;
  end if;
  return null;
end $$;

-- A new run of a project that has a cap is counted, whatever has started it.
create or replace function meshhook_engine.run_opened() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform meshhook_engine.count_run(new.project_id, new.id);
  return null;
end $$;

create or replace trigger counted after insert on meshhook.runs for each row
  when (new.slotted and new.finished_at is null)
  execute function meshhook_engine.run_opened();

create or replace trigger slots after update on meshhook.runs for each row
  when (new.slotted and (new.finished_at is null) <> (old.finished_at is null))
  execute function meshhook_engine.slot_freed();
