-- Work items without those of steps that are not open any more. Called by: deliver.
create or replace function meshhook_engine.still_open(p_calls jsonb, p_open jsonb) returns jsonb
language plpgsql immutable as $$
begin
  return (select coalesce(jsonb_agg(c.call order by c.ord), '[]') from jsonb_array_elements(p_calls) with ordinality c(call, ord) where p_open ? (c.call ->> 'step'));
end $$;
