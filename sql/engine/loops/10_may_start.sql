-- Whether a loop (its state in frontier.loops, its compiled node) has an iteration to start and a free lane to start it in.
-- Iterations under way are those started (next) less those over (size less left). Called by: decide.
create or replace function meshhook_engine.may_start(p_state jsonb, p_spec jsonb) returns boolean
language sql immutable parallel safe
return (p_state -> 'next')::int < (p_state -> 'size')::int
  and (p_state -> 'left')::int - (p_state -> 'size')::int + (p_state -> 'next')::int < (p_spec -> 'concurrency')::int;
