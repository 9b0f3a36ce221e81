-- Outputs as state_at shows them: those of steps, in iterations under way by their path. Called by: refold. Pure.
create or replace function meshhook_engine.refold_shown(p_steps jsonb) returns jsonb
language plpgsql immutable as $$
begin
  if p_steps is null or not p_steps ?| '{.local,.lists,.done,.items,.said}' then
    return coalesce(p_steps, '{}');
  end if;
  return (p_steps - '{.local,.lists,.done,.items,.said}'::text[]) || (
    select coalesce(jsonb_object_agg(i.key || '.' || s.key, s.value), '{}')
    from jsonb_each(p_steps -> '.local') i cross join lateral jsonb_each(i.value) s);
end $$;
