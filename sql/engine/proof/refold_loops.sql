-- What folding a log again keeps of loops that are under way. Live, a decision reads items and results from the log; the fold
-- trusts no derived event, so it keeps them itself, outside of what each decision takes in and hands on: else every event
-- would cost as much as all before it. Loops within loops are small beside that and stay where they are.
--
-- Takes over from the outputs of a decision: lists (loop -> items; those of loops that are over go) and results of iterations
-- that are over; leaves the outputs without them. Called by: refold. Pure.
create or replace function meshhook_engine.refold_loops(
  p_steps jsonb, p_lists jsonb, p_frontier jsonb, out steps jsonb, out lists jsonb, out iterations text[], out results jsonb[])
language plpgsql immutable as $$
begin
  lists := (
    select coalesce(jsonb_object_agg(l.key, l.value), '{}')
    from jsonb_each(p_lists || coalesce(p_steps -> '.lists', '{}')) l
    where p_frontier -> 'loops' ? l.key and strpos(l.key, '[') = 0);
  select array_agg(d.key || '[' || r.key || ']'), array_agg(r.value) into iterations, results
  from jsonb_each(p_steps -> '.done') d
  cross join lateral jsonb_each(d.value) r
  where strpos(d.key, '[') = 0 and r.key <> '*';
  steps := (p_steps - '{.lists,.done,.items,.said}'::text[]) || (
    select coalesce(jsonb_object_agg(w.what, w.kept), '{}')
    from (
      select x.what, jsonb_object_agg(l.key, l.value) as kept
      from unnest('{.lists,.done}'::text[]) x(what) cross join lateral jsonb_each(p_steps -> x.what) l
      where strpos(l.key, '[') > 0
      group by x.what
    ) w);
end $$;
