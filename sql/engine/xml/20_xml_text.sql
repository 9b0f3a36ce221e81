-- Character data of XML with its references resolved: the five that XML knows by name, and characters by number. No other name
-- exists, because a document type (which could define more) is refused; so text never grows by being read.
-- Where there are numbers it is split once at & and put together once: time goes with the length.
-- p_position is where the text began, for the error.
-- Called by: read_xml.
create or replace function meshhook_engine.xml_text(p_text text, p_position int) returns text
language plpgsql immutable parallel safe as $$
declare
  v_text text;
  v_bad  text;
begin
  if strpos(p_text, '&') = 0 then
    return p_text;
  end if;
  if p_text !~ '&(?!(?:lt|gt|amp|quot|apos);)' then  -- the usual ones; &amp; last, for what it makes is text
    return replace(replace(replace(replace(replace(p_text, '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&apos;', ''''), '&amp;', '&');
  end if;
  with piece as (
    select ord, piece, case when ord > 1 then substring(piece from '^([A-Za-z]{1,8}|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});') end as name
    from string_to_table(p_text, '&') with ordinality x(piece, ord)
  ), read as (
    select ord, piece, name, case
      when left(name, 2) = '#x' then ('x' || lpad(substr(name, 3), 8, '0'))::bit(32)::int
      when left(name, 1) = '#' then substr(name, 2)::int
      else case name when 'lt' then 60 when 'gt' then 62 when 'amp' then 38 when 'quot' then 34 when 'apos' then 39 end
      end as code
    from piece
  ), sound as (
    select ord, piece, name,
           case when code in (9, 10, 13) or code between 32 and 55295 or code between 57344 and 65533 or code between 65536 and 1114111 then code end as code
    from read
  )
  select string_agg(case when ord = 1 then piece else chr(code) || substr(piece, length(name) + 2) end, '' order by ord),
         min(left(piece, 40)) filter (where ord > 1 and code is null)
  into v_text, v_bad
  from sound;
  if v_bad is not null then
    perform meshhook_engine.refuse_xml('MH_XML_ENTITY',
      format('"&%s" is no reference that can be resolved; there are &lt; &gt; &amp; &quot; &apos; and characters by number', split_part(v_bad, ';', 1)), p_position);
  end if;
  return v_text;
end $$;
