-- The compiled form of a definition; an error that lists all problems when there is none.
-- Called by: whoever runs a definition without publishing it.
create or replace function meshhook_engine.compile(p_definition jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_read record;
begin
  v_read := meshhook_engine.read_definition(p_definition);
  if v_read.compiled is null then
    perform meshhook_engine.refuse(v_read.problems);
  end if;
  return v_read.compiled;
end $$;
