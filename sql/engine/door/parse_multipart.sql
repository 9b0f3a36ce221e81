-- A multipart/form-data body as an object: a field is its text, a file {"filename", "content_type", "bytes", "sha256"}; a name that
-- comes several times is an array. The files' bytes stay in the request's body, where a digest finds them again.
-- Bounds: 1 000 parts, 16 KiB of headers a part. Raises MH400 MH_BODY_MULTIPART when the body is not what it claims: no boundary,
-- no end, a part without a name, a field that is no UTF-8, more parts than its size allows (a gigabyte of copying).
-- Called by: parse_body.
create or replace function meshhook_engine.parse_multipart(p_body bytea, p_type text) returns jsonb
language plpgsql immutable as $$
declare
  v_boundary text := coalesce((regexp_match(p_type, ';\s*boundary="([^"]{1,200})"', 'i'))[1], (regexp_match(p_type, ';\s*boundary=([^\s;"]{1,200})', 'i'))[1]);
  v_mark     bytea;
  v_rest     bytea := p_body;
  v_out      jsonb := '{}';
  v_at       int;
  v_head     bytea;
  v_text     text;
  v_name     text;
  v_file     text;
  v_value    jsonb;
  v_parts    int := 0;
  v_moved    bigint := 0;  -- bytes copied on the way: each part copies what is left
begin
  if v_boundary is null then
    perform meshhook_engine.refuse_multipart(p_type, 'its content type names no boundary');
  end if;
  v_mark := convert_to('--' || v_boundary, 'UTF8');
  v_at := position(v_mark in v_rest);
  if v_at = 0 or v_at > 1 and substring(v_rest from v_at - 2 for 2) <> '\x0d0a' then
    perform meshhook_engine.refuse_multipart(p_type, 'the boundary does not come in it');
  end if;
  v_rest := substring(v_rest from v_at + octet_length(v_mark));
  v_mark := '\x0d0a'::bytea || v_mark;
  loop
    exit when substring(v_rest from 1 for 2) = '--';
    v_parts := v_parts + 1;
    v_at := position('\x0d0a0d0a'::bytea in v_rest);
    if substring(v_rest from 1 for 2) <> '\x0d0a' or v_at = 0 or v_at > 16384 then
      perform meshhook_engine.refuse_multipart(p_type, format('part %s has no end of its headers, or more than 16 KiB of them', v_parts));
    elsif v_parts > 1000 then
      perform meshhook_engine.refuse_multipart(p_type, 'it has more than 1000 parts');
    end if;
    v_head := substring(v_rest from 1 for v_at + 1);
    v_rest := substring(v_rest from v_at + 4);
    v_moved := v_moved + 2 * octet_length(v_rest)::bigint;
    if v_moved > 1073741824 then
      perform meshhook_engine.refuse_multipart(p_type, 'it has too many parts for its size');
    end if;
    v_at := position(v_mark in v_rest);
    if v_at = 0 then
      perform meshhook_engine.refuse_multipart(p_type, format('part %s does not end', v_parts));
    end if;
    v_text := meshhook_engine.utf8_text(v_head, p_type);
    v_name := (regexp_match(v_text, '\ncontent-disposition:\s*form-data\s*;[^\r\n]*?\mname="((?:[^"\\\r\n]|\\.)*)"', 'i'))[1];
    if v_name is null then
      perform meshhook_engine.refuse_multipart(p_type, format('part %s says no name in its Content-Disposition', v_parts));
    end if;
    v_file := (regexp_match(v_text, '\ncontent-disposition:[^\r\n]*?;\s*filename="((?:[^"\\\r\n]|\\.)*)"', 'i'))[1];
    v_head := substring(v_rest from 1 for v_at - 1);
    if v_file is null then
      v_value := to_jsonb(meshhook_engine.utf8_text(v_head, p_type));
    else
      v_value := jsonb_build_object(
        'filename', regexp_replace(v_file, '\\(.)', '\1', 'g'), 'content_type', trim((regexp_match(v_text, '\ncontent-type:([^\r\n]*)', 'i'))[1]),
        'bytes', octet_length(v_head), 'sha256', encode(sha256(v_head), 'hex'));
    end if;
    v_name := regexp_replace(v_name, '\\(.)', '\1', 'g');
    v_out := v_out || jsonb_build_object(v_name, case
      when not v_out ? v_name then v_value
      when jsonb_typeof(v_out -> v_name) = 'array' then (v_out -> v_name) || jsonb_build_array(v_value)
      else jsonb_build_array(v_out -> v_name, v_value) end);
    v_rest := substring(v_rest from v_at + octet_length(v_mark));
  end loop;
  return v_out;
end $$;
