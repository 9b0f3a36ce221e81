-- What a decision of the fold asks for of loops, out of what the fold has kept, added to the outputs it takes in: the item of an
-- iteration and those behind it (p_ahead dozens), or the results of a loop's iterations. Called by: refold. Pure.
create or replace function meshhook_engine.refold_supply(
  p_steps jsonb, p_missing text[], p_lists jsonb, p_iterations text[], p_results jsonb[], p_ahead int) returns jsonb
language plpgsql immutable as $$
declare
  v_name  text;
  v_loop  text;
  v_index int;
begin
  p_steps := coalesce(p_steps, '{}');
  foreach v_name in array p_missing loop
    if v_name like '.item %' then
      v_loop := meshhook_engine.loop_of(substr(v_name, 7));
      v_index := substring(v_name from '\[(\d+)\]$')::int;
      p_steps := p_steps || jsonb_build_object('.items', coalesce(p_steps -> '.items', '{}') || (
        select jsonb_object_agg(v_loop || '[' || n || ']', coalesce(p_lists #> array[v_loop, n::text], 'null'))
        from generate_series(v_index, v_index + 12 * p_ahead) n));
    elsif v_name like '.done %' then
      v_loop := substr(v_name, 7);
      p_steps := p_steps || jsonb_build_object('.done', coalesce(p_steps -> '.done', '{}') || jsonb_build_object(v_loop, (
        select coalesce(jsonb_object_agg(substring(u.iteration from '\[(\d+)\]$'), u.result order by u.n), '{}')
        from unnest(p_iterations, p_results) with ordinality u(iteration, result, n)
        where meshhook_engine.loop_of(u.iteration) = v_loop) || coalesce(p_steps #> array['.done', v_loop], '{}') || '{"*": true}'));
    else
      p_steps := p_steps || jsonb_build_object(v_name, null);  -- an altered log may ask for what never was
    end if;
  end loop;
  return p_steps;
end $$;
