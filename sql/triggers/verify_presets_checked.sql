-- A preset is checked when it is written, and kept with its defaults filled in: an endpoint finds no broken one.
create or replace function meshhook_engine.keep_preset() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.name = any (meshhook_engine.verify_kinds()) then
    perform meshhook_engine.refuse_setting('MH_PRESET', '/name', format('"%s" is one of the door''s own kinds', new.name));
  elsif jsonb_typeof(new.recipe) is distinct from 'object' or not coalesce(new.recipe ->> 'kind' = any (meshhook_engine.verify_kinds()), false) then
    perform meshhook_engine.refuse_setting('MH_PRESET', '/recipe/kind',
      'a recipe is of one of the kinds ' || array_to_string(meshhook_engine.verify_kinds(), ', '));
  end if;
  new.recipe := meshhook_engine.check_recipe(new.recipe - '{tolerance_ms,leeway_ms}'::text[]);
  if new.dedupe_key is not null then
    perform meshhook_expr.parse(new.dedupe_key);
  end if;
  new.updated_at := now();
  return new;
end $$;

create or replace trigger verify_presets_checked before insert or update on meshhook.verify_presets
  for each row execute function meshhook_engine.keep_preset();
