-- How many nodes a definition has, those in the bodies of its loops included. Called by: read_definition.
create or replace function meshhook_engine.count_nodes(p_nodes jsonb) returns int
language plpgsql immutable as $$
begin
  return (
    select count(*) + coalesce(sum(meshhook_engine.count_nodes(n.value #> '{with,do,nodes}'))
      filter (where n.value ->> 'type' = 'each' and jsonb_typeof(n.value #> '{with,do,nodes}') = 'object'), 0)
    from jsonb_each(p_nodes) n);
end $$;
