-- The characters that no XML text holds, not even as a reference. Called by: read_xml, write_xml.
create or replace function meshhook_engine.xml_never() returns text
language sql immutable parallel safe
return '[\x01-\x08\x0b\x0c\x0e-\x1f\uFFFE\uFFFF]';
