-- How an endpoint verifies, its preset resolved: what the endpoint says goes before what the preset says. A kind that is
-- neither the door's own nor a preset (any more) stays as it is, and the door lets nothing in by it.
-- Called by: endpoint.
create or replace function meshhook_engine.resolved_verify(p_project int, p_verify jsonb) returns jsonb
language sql stable as $$
  select case when p_verify ->> 'kind' = any (meshhook_engine.verify_kinds()) then p_verify
    else coalesce(
      meshhook_engine.preset_recipe(p_project, p_verify ->> 'kind') || (p_verify - 'kind') || jsonb_build_object('preset', p_verify -> 'kind'),
      p_verify) end
$$;
