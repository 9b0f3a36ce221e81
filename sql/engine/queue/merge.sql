-- Two changes of one run in one commit, as one: a row of runs may be updated once a statement only, and seq stays gapless.
-- Called by: deliver, wake.
create or replace function meshhook_engine.merge(p_prev meshhook_engine.change, p_next meshhook_engine.change)
returns meshhook_engine.change
language plpgsql immutable as $$
begin
  p_next.seq := p_prev.seq;
  p_next.is_new := p_prev.is_new;
  p_next.events := p_prev.events || p_next.events;
  p_next.abandons := nullif(coalesce(p_prev.abandons, '{}') || coalesce(p_next.abandons, '{}'), '{}');
  p_next.had_waits := p_prev.had_waits or p_next.had_waits;
  -- A wait set by the first and settled by the second goes; a queue row made and dropped in one commit is never made.
  p_next.waits := (
    select nullif(jsonb_agg(w), '[]')
    from jsonb_array_elements(coalesce(p_prev.waits, '[]') || coalesce(p_next.waits, '[]')) w
    where p_next.frontier #> array['open', w ->> 'step'] is not null and not coalesce(p_next.jobs ? (w ->> 'step'), false));
  p_next.drop_jobs := nullif(coalesce(p_prev.drop_jobs, '{}') || coalesce(p_next.drop_jobs, '{}'), '{}');
  -- A row that the second went on with is not dropped, whatever the first thought of it.
  if p_next.drop_jobs is not null and p_next.jobs is not null then
    p_next.drop_jobs := (
      select array_agg(d.id) from unnest(p_next.drop_jobs) d(id) where not meshhook_engine.holds(p_next.jobs, d.id));
  end if;
  if p_prev.new_job is not null and p_prev.new_job = any (p_next.drop_jobs) then
    p_prev.new_job := null;
  end if;
  if p_prev.free_job is not null and p_prev.free_job = any (p_next.drop_jobs) then
    p_prev.free_job := null;
  end if;
  p_next.new_job := coalesce(p_next.new_job, p_prev.new_job);
  if p_prev.free_job is not null and p_next.free_job is not null then
    -- Two rows for anybody: the later steps join the earlier row.
    p_next.jobs := (
      select jsonb_object_agg(h.key, case when h.value = to_jsonb(p_next.free_job) then to_jsonb(p_prev.free_job) else h.value end)
      from jsonb_each(p_next.jobs) h);
  end if;
  p_next.free_job := coalesce(p_prev.free_job, p_next.free_job);
  return p_next;
end $$;
