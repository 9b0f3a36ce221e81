-- The options of a new endpoint with what its preset brings: the key that tells deliveries of that provider apart. It stands in
-- the endpoint's own options then, and changes no more with the preset. "dedupe": null does without.
-- Called by: create_endpoint.
create or replace function meshhook_engine.with_preset(p_project int, p_verify jsonb, p_options jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_key text;
begin
  if jsonb_typeof(p_options) is distinct from 'object' then
    return p_options;
  elsif p_options -> 'dedupe' = 'null' then
    return p_options - 'dedupe';
  elsif not p_options ? 'dedupe' then
    select v.dedupe_key into v_key from meshhook.verify_presets v
    where v.name = p_verify ->> 'kind' and (v.project_id = p_project or v.project_id is null)
    order by v.project_id nulls last limit 1;
    if v_key is not null then
      return p_options || jsonb_build_object('dedupe', jsonb_build_object('key', v_key));
    end if;
  end if;
  return p_options;
end $$;
