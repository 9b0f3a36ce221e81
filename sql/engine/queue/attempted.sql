-- One try of a call as the log keeps it: where it went, what came back (parsed as the node asks), how long each phase took.
-- A body that is not what `response.as` demands makes the attempt an error of class body.
-- Called by: deliver.
create or replace function meshhook_engine.attempted(p_node jsonb, p_result jsonb, p_body bytea) returns jsonb
language plpgsql immutable as $$
declare
  v_response jsonb := p_result -> 'response';
  v_as       text := p_node -> 'response' ->> 'as';
  v_type     text;
  v_error    jsonb := nullif(p_result -> 'error', 'null');
  v_body     jsonb;
  v_data     jsonb;
begin
  if v_response is null or v_response = 'null' then
    v_data := jsonb_build_object('url', p_result -> 'url', 'timings', coalesce(p_result -> 'timings', '{}'));
  else
    if p_body is null or octet_length(p_body) = 0 then
      v_body := case when v_as in ('text', 'base64') then '""'::jsonb else 'null' end;
    elsif v_as = 'base64' or not coalesce((v_response -> 'text')::boolean, false) then
      v_body := to_jsonb(translate(encode(p_body, 'base64'), E'\n', ''));
    elsif v_as = 'text' then
      v_body := to_jsonb(convert_from(p_body, 'UTF8'));
    else
      v_type := lower(trim(split_part(v_response -> 'headers' ->> 'content-type', ';', 1)));
      if v_as = 'json' or v_type = 'application/json' or v_type like '%+json' then
        begin
          v_body := convert_from(p_body, 'UTF8')::jsonb;
        exception
          when others then
            v_body := to_jsonb(convert_from(p_body, 'UTF8'));  -- with auto the text itself is the body
            if v_as = 'json' then
              v_error := coalesce(v_error, jsonb_build_object(
                'class', 'body', 'code', 'MH_CALL_NOT_JSON', 'message', 'the response is not JSON: ' || sqlerrm));
            end if;
        end;
      else
        v_body := to_jsonb(convert_from(p_body, 'UTF8'));
      end if;
    end if;
    v_data := jsonb_build_object(
      'status', v_response -> 'status', 'headers', coalesce(v_response -> 'headers', '{}'), 'body', v_body,
      'bytes', coalesce(p_result -> 'bytes', to_jsonb(octet_length(p_body))),
      'url', p_result -> 'url', 'timings', coalesce(p_result -> 'timings', '{}'));
  end if;
  if v_error is not null then
    v_data := v_data || jsonb_build_object('error', v_error);
  end if;
  return v_data;
end $$;
