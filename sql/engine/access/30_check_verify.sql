-- How an endpoint verifies, as it is kept; an error when that makes no sense. A kind is one of the door's own, with its
-- settings, or the name of a preset with what is different from it; a preset is looked up each time the door asks, so that
-- correcting it corrects every endpoint that uses it.
-- Called by: create_endpoint, set_verify.
drop function if exists meshhook_engine.check_verify(jsonb);
create or replace function meshhook_engine.check_verify(p_verify jsonb, p_project int) returns jsonb
language plpgsql stable as $$
declare
  v_kind   text := p_verify ->> 'kind';
  v_preset jsonb;
begin
  if jsonb_typeof(p_verify) is distinct from 'object' or jsonb_typeof(p_verify -> 'kind') is distinct from 'string' then
    perform meshhook_engine.refuse_setting('MH_VERIFY_KIND', '/kind',
      'say how requests are verified: {"kind": "github"}, {"kind": "hmac", ...}, or {"kind": "none"} by name');
  elsif v_kind = any (meshhook_engine.verify_kinds()) then
    return meshhook_engine.check_recipe(p_verify);
  end if;
  v_preset := meshhook_engine.preset_recipe(p_project, v_kind);
  if v_preset is null then
    perform meshhook_engine.refuse_setting('MH_VERIFY_KIND', '/kind', format(
      '"%s" is no way to verify; there are %s, and the presets in meshhook.verify_presets', left(v_kind, 60),
      array_to_string(meshhook_engine.verify_kinds(), ', ')));
  end if;
  return jsonb_build_object('kind', v_kind) || coalesce((
    select jsonb_object_agg(n.key, n.value)
    from jsonb_each(meshhook_engine.check_recipe((v_preset - '{tolerance_ms,leeway_ms}'::text[]) || (p_verify - 'kind'))) n
    where n.value is distinct from v_preset -> n.key), '{}');
end $$;
