-- One try of a call as the log keeps it: where it went, what came back (parsed as the node asks), how long each phase took.
-- A body that is not what `response.as` demands makes the attempt an error of class body.
-- Called by: deliver.
create or replace function meshhook_engine.attempted(p_node jsonb, p_result jsonb, p_body bytea) returns jsonb
language plpgsql immutable as $$
declare
  v_response jsonb := p_result -> 'response';
  v_as       text := p_node #>> '{response,as}';
  v_type     text := lower(split_part(coalesce(v_response #>> '{headers,content-type}', ''), ';', 1));
  v_data     jsonb := '{}'::jsonb;
  v_body     jsonb;
  v_text     text;
begin
  if v_response is not null and v_response <> 'null' then
    v_data := jsonb_build_object('status', v_response -> 'status', 'headers', coalesce(nullif(v_response -> 'headers', 'null'), '{}'), 'bytes', coalesce(p_result -> 'bytes', to_jsonb(octet_length(p_body))));
    if p_body is null or octet_length(p_body) = 0 then
      v_body := case when v_as in ('text', 'base64') then '""' else 'null' end;
    elsif v_as = 'base64' or not coalesce((v_response -> 'text')::boolean, false) then
      v_body := to_jsonb(translate(encode(p_body, 'base64'), E'\n', ''));
    else
      v_text := convert_from(p_body, 'UTF8');
      v_body := to_jsonb(v_text);
      if v_as = 'json' or (v_as = 'auto' and (trim(v_type) = 'application/json' or trim(v_type) like '%+json')) then
        begin
          v_body := v_text::jsonb;
        exception
          when others then
            if v_as = 'json' then
              v_data := v_data || jsonb_build_object('error', jsonb_build_object(
                'class', 'body', 'code', 'MH_CALL_NOT_JSON', 'message', 'the response is not JSON: ' || sqlerrm));
            end if;  -- with auto the text itself is the body
        end;
      end if;
    end if;
    v_data := v_data || jsonb_build_object('body', v_body);
  end if;
  if p_result -> 'error' is not null and p_result -> 'error' <> 'null' then
    v_data := v_data || jsonb_build_object('error', p_result -> 'error');
  end if;
  return v_data || jsonb_build_object('url', p_result -> 'url', 'timings', coalesce(p_result -> 'timings', '{}'));
end $$;
