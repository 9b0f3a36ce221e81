-- Host of a url in lower case, with its port when the url names one: what breakers and rates are kept by.
-- Called by: observed, gate.
create or replace function meshhook_engine.url_host(p_url text) returns text
language sql immutable parallel safe
return lower(substring(p_url from '^[a-zA-Z]+://(?:[^/?#]*@)?([^/?#]*)'));
