-- Identity of a definition: sha256 over its canonical form.
-- Called by: publish, workflow_list.
create or replace function meshhook_engine.definition_sha256(p_definition jsonb) returns bytea
language sql immutable parallel safe
return sha256(convert_to(meshhook_engine.canonical(p_definition), 'UTF8'));
