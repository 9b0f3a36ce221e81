-- The one text of a definition: what its identity is computed from. Without ui and pins, so that moving a box or pinning
-- test data makes no new version. jsonb has one order of keys and one form of numbers; trailing zeros of a number count.
-- Called by: publish, save_draft, the lists.
create or replace function meshhook_engine.canonical(p_definition jsonb) returns text
language sql immutable parallel safe
return case jsonb_typeof(p_definition) when 'object' then (p_definition - array['ui', 'pins'])::text else p_definition::text end;
