-- holds: what an array holds: number or string when all elements are, nothing when it is empty, else mixed.
-- Called by: call_array, call_by. Reads nothing.
create or replace function meshhook_expr.holds(list jsonb)
returns text
language plpgsql immutable parallel safe
as $$
begin
  return (select case when count(*) = 0 then 'nothing'
                      when bool_and(jsonb_typeof(e.value) = 'number') then 'number'
                      when bool_and(jsonb_typeof(e.value) = 'string') then 'string'
                      else 'mixed' end
            from jsonb_array_elements(list) e);
end
$$;
