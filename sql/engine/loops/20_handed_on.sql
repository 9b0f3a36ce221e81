-- What the next decision of the same commit needs to know of loops, as fields of decision.steps that no step is named like:
--   .local  iteration -> outputs within it         .lists  loop -> its items, where the loop began in this commit
--   .said   what a respond node within a loop said, for who starts the run
--   .items  iteration -> its item, as the fold has it   .done   loop -> iteration -> result
--   .pieces loop -> number of the first item -> items, as they were read from the log
-- A caller that keeps them is never asked for any of it; one that forgets them is asked, and reads them from the log.
-- Called by: decide. Pure.
create or replace function meshhook_engine.handed_on(
  p_known jsonb, p_locals jsonb, p_loops jsonb, p_result_of text[], p_result_at int[], p_results jsonb[]) returns jsonb
language plpgsql immutable as $$
declare
  v_done jsonb;
begin
  if p_locals <> '{}' then
    p_known := p_known || jsonb_build_object('.local', p_locals);
  end if;
  if p_result_of <> '{}' then
    v_done := (
      select jsonb_object_agg(d.whose, coalesce(p_known #> array['.done', d.whose], '{}') || d.results)
      from (
        select u.whose, jsonb_object_agg(u.at, u.result) as results
        from unnest(p_result_of, p_result_at, p_results) u(whose, at, result)
        where p_loops ? u.whose
        group by u.whose
      ) d);
    if v_done is not null then
      p_known := p_known || jsonb_build_object('.done', coalesce(p_known -> '.done', '{}') || v_done);
    end if;
  end if;
  return p_known;
end $$;
