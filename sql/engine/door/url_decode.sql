-- Undoes form encoding: + is a blank, %xx a byte of UTF-8. Raises MH400 when the bytes are no UTF-8.
-- Called by: parse_form.
create or replace function meshhook_engine.url_decode(p_text text) returns text
language plpgsql immutable as $$
declare
  v_bytes bytea := ''::bytea;
  v_part  text;
begin
  if p_text !~ '[%+]' then
    return p_text;
  end if;
  for v_part in select m[1] from regexp_matches(replace(p_text, '+', ' '), '(%[0-9A-Fa-f]{2}|%|[^%]+)', 'g') m loop
    v_bytes := v_bytes || case when v_part ~ '^%[0-9A-Fa-f]{2}$' then decode(substr(v_part, 2), 'hex') else convert_to(v_part, 'UTF8') end;
  end loop;
  return meshhook_engine.utf8_text(v_bytes, 'application/x-www-form-urlencoded');
end $$;
