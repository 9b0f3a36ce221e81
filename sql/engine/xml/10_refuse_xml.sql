-- Raises what is wrong with a piece of XML, or with a value that is to become XML, and where: a character of the text, or a
-- JSON pointer into the value.
-- Called by: xml_text, read_xml, write_xml.
create or replace function meshhook_engine.refuse_xml(p_code text, p_message text, p_position int default null, p_path text default null)
returns void
language plpgsql immutable parallel safe as $$
begin
  raise exception using
    errcode = 'MH422',
    message = format('%s: %s', p_code, p_message),
    detail = jsonb_strip_nulls(jsonb_build_object('code', p_code, 'position', p_position, 'path', p_path))::text,
    hint = 'docs/definition.md, "xml", says what can be read and written.';
end $$;
