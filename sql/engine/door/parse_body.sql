-- A body by its content type: JSON as it is, a form as an object (a repeated field as an array; of a file what is to know
-- about it), text and XML as a string, anything else as base64. Without a content type: JSON when it is JSON, else text, else base64. An empty body is null.
-- Raises MH400 with a code when the bytes are not what they claim, or hold what jsonb cannot.
-- Called by: try_body, recall_start, refold_request.
create or replace function meshhook_engine.parse_body(p_type text, p_body bytea) returns jsonb
language plpgsql immutable as $$
declare
  v_type text := lower(trim(split_part(coalesce(p_type, ''), ';', 1)));
  v_text text;
  v_code text;
  v_state text;
  v_message text;
begin
  if p_body is null or octet_length(p_body) = 0 then
    return 'null';
  end if;
  if v_type = 'application/json' or v_type like '%+json' then
    begin
      v_text := convert_from(p_body, 'UTF8');
      return v_text::jsonb;
    exception
      when others then
        get stacked diagnostics v_state = returned_sqlstate, v_message = message_text;
    end;
    v_code := case
      when v_text is null then 'MH_BODY_ENCODING'
      when v_state = '22P05' then 'MH_BODY_NUL'
      when v_state in ('54001', '54000') then 'MH_BODY_TOO_DEEP'
      when v_state = '22003' then 'MH_BODY_NUMBER'
      else 'MH_BODY_JSON' end;
    raise exception using
      errcode = 'MH400',
      message = format('%s: %s', v_code, case v_code
        when 'MH_BODY_ENCODING' then 'the body claims to be JSON but is not valid UTF-8'
        when 'MH_BODY_NUL' then 'the body holds \u0000, which no JSON value in the database can hold'
        when 'MH_BODY_TOO_DEEP' then 'the body is nested deeper than the parser goes'
        when 'MH_BODY_NUMBER' then 'the body holds a number beyond what numeric can hold'
        else 'the body claims to be JSON but is not: ' || v_message end),
      detail = jsonb_build_object('code', v_code, 'content_type', p_type)::text,
      hint = 'The bytes are kept with the request. Correct the sender, or its Content-Type.';
  elsif v_type = 'application/x-www-form-urlencoded' then
    return meshhook_engine.parse_form(meshhook_engine.utf8_text(p_body, p_type));
  elsif v_type = 'multipart/form-data' then
    return meshhook_engine.parse_multipart(p_body, p_type);
  elsif v_type like 'text/%' or v_type = 'application/xml' or v_type like '%+xml' then
    return to_jsonb(meshhook_engine.utf8_text(p_body, p_type));
  elsif v_type = '' then
    begin
      v_text := convert_from(p_body, 'UTF8');
      return v_text::jsonb;
    exception
      when others then
        if v_text is not null then
          return to_jsonb(v_text);
        end if;
    end;
  end if;
  return to_jsonb(translate(encode(p_body, 'base64'), E'\n', ''));
end $$;
