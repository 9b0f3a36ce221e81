-- Raises when the string that a recipe signs makes no sense: words that stand for nothing, or a body that is not signed.
-- Called by: check_recipe.
create or replace function meshhook_engine.check_signed(p_recipe jsonb) returns void
language plpgsql stable as $$
declare
  v_signed text := p_recipe ->> 'signed';
  v_word   text;
begin
  for v_word in select distinct m[1] from regexp_matches(v_signed, '\{([^{}]*)\}', 'g') m loop
    if v_word not in ('body', 'timestamp', 'id', 'url', 'form') then
      perform meshhook_engine.refuse_setting('MH_VERIFY', '/signed',
        format('{%s} stands for nothing; there are {body}, {timestamp}, {id}, {url} and {form}', left(v_word, 60)));
    elsif v_word in ('timestamp', 'id') and not p_recipe ? (v_word || '_header') then
      perform meshhook_engine.refuse_setting('MH_VERIFY', '/' || v_word || '_header', format('signed uses {%s}: say which header brings it', v_word));
    end if;
  end loop;
  if strpos(v_signed, '{form}') > 0 then
    if strpos(v_signed, '{url}') = 0 or not p_recipe ? 'body_hash_query' then
      perform meshhook_engine.refuse_setting('MH_VERIFY', '/signed',
        'a body that is no form is not in {form}: sign {url} too, and name the query parameter that has its hash as body_hash_query');
    end if;
  elsif strpos(v_signed, '{body}') = 0 then
    perform meshhook_engine.refuse_setting('MH_VERIFY', '/signed', 'the body is not signed: {body} is missing');
  elsif p_recipe ? 'body_hash_query' then
    perform meshhook_engine.refuse_setting('MH_VERIFY', '/body_hash_query', 'the body is signed itself: no hash of it is needed');
  end if;
end $$;
