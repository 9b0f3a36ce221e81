-- What a name of an element or attribute looks like, a prefix with its colon included: a little wider than XML's own list of
-- letters, but nothing in it could end a tag. Called by: read_xml, write_xml.
create or replace function meshhook_engine.xml_name() returns text
language sql immutable parallel safe
return '^[^][:space:]<>&"''=/!?#0-9.@;,(){}*+$|`~^%\\-][^][:space:]<>&"''=/!?#@;,(){}*+$|`~^%\\]*$';
