-- XML as JSON. An element is its text; with attributes or elements in it, an object: attributes under their name with a prefix,
-- text under its own key, elements under their name, several of one name as an array.
--
-- p_options (all there, see define_xml): attribute_prefix, text_key, trim, ignore_attributes, ignore_namespaces, parse_values,
-- arrays (names that are arrays even when there is one).
-- Guarantees: its own parser, so nothing is ever loaded and no entity ever grows (a document type is refused); time goes with
-- the length times the depth; what is not well-formed is an error with the character where. Limits: 1048576 characters,
-- 100 levels, 20000 elements, 50000 times <.
-- How: the text is split once at <; one pass over the pieces makes rows of elements, attributes and texts; then objects are
-- built a level at a time, the deepest first.
-- No jit: the planner expects so many rows of functions that compiling would take seconds for the smallest value.
-- Called by: node_xml.
create or replace function meshhook_engine.read_xml(p_text text, p_options jsonb) returns jsonb
language plpgsql immutable parallel safe set jit = off as $$
declare
  v_xml      text := p_text;
  v_prefix   text := p_options ->> 'attribute_prefix';
  v_key      text := p_options ->> 'text_key';
  v_trim     boolean := (p_options -> 'trim')::boolean;
  v_bare     boolean := (p_options -> 'ignore_namespaces')::boolean;
  v_parse    boolean := (p_options -> 'parse_values')::boolean;
  v_no_attrs boolean := (p_options -> 'ignore_attributes')::boolean;
  v_arrays   text[] := array(select jsonb_array_elements_text(p_options -> 'arrays'));
  v_name_is  constant text := meshhook_engine.xml_name();
  v_piece    text;
  v_mode     text := '';      -- what ends the construct at hand: "", -->, ]]> or ?>
  v_at       int := 1;        -- character where the piece at hand begins
  v_length   int;
  v_end      int;
  v_head     text;
  v_name     text;
  v_rest     text;
  v_closed   boolean;
  v_depth    int := 0;
  v_roots    int := 0;
  v_first    boolean := true;
  v_stack    int[] := '{}';   -- open elements
  v_ids      int := 0;
  v_parents  int[] := '{}';
  v_names    text[] := '{}';
  v_depths   int[] := '{}';
  v_places   int[] := '{}';
  v_attrs    text[] := '{}';
  v_texts    int := 0;
  v_owners   int[] := '{}';
  v_chars    text[] := '{}';
  v_raws     boolean[] := '{}';
  v_spots    int[] := '{}';
  v_ends     int[];           -- per depth: where it ends in the sorted elements
  v_kept     int[];           -- elements that hold something, and what
  v_objects  jsonb[];
  v_strings  int[];
  v_contents text[];
  v_kids     jsonb[];         -- per element of v_kept: its elements as an object
  v_ids_sorted int[];
  v_low      int;
  v_high     int;
  v_bad      int;
  v_clashing boolean;         -- whether a name can begin as the keys of attributes or text do
begin
  if length(v_xml) > 1048576 then
    perform meshhook_engine.refuse_xml('MH_XML_TOO_LARGE', format('%s characters, at most 1048576 can be read', length(v_xml)));
  end if;
  if v_xml ~ meshhook_engine.xml_never() then
    perform meshhook_engine.refuse_xml('MH_XML_CHARACTER', 'the text holds a control character, which XML has no place for');
  end if;
  v_xml := replace(replace(ltrim(v_xml, E'\uFEFF'), E'\r\n', E'\n'), E'\r', E'\n');
  if v_xml !~ '^[[:space:]]*<' then
    perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', 'this is no XML: it does not begin with <', 1);
  end if;

  if length(v_xml) - length(replace(v_xml, '<', '')) > 50000 then
    perform meshhook_engine.refuse_xml('MH_XML_TOO_LARGE', 'more than 50000 tags and other things that begin with <');
  end if;

  -- One pass over the pieces between <.
  for v_piece in select piece from string_to_table(v_xml, '<') with ordinality x(piece, ord) order by ord loop
    if v_first then
      v_first := false;
      v_at := length(v_piece) + 1;
      continue;
    end if;
    v_length := length(v_piece) + 1;
    v_rest := null;

    if v_mode <> '' then
      v_rest := '<' || v_piece;  -- < says nothing in here
    elsif left(v_piece, 1) = '!' then
      if left(v_piece, 3) = '!--' then
        v_mode := '-->';
        v_rest := substr(v_piece, 4);
      elsif left(v_piece, 8) = '![CDATA[' then
        v_mode := ']]>';
        v_rest := substr(v_piece, 9);
        if v_depth = 0 then
          perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', 'text stands outside of the root element', v_at);
        end if;
      elsif upper(left(v_piece, 8)) = '!DOCTYPE' then
        perform meshhook_engine.refuse_xml('MH_XML_DOCTYPE', 'a document type is refused: it could define entities', v_at);
      else
        perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', '"<!" begins neither a comment nor a CDATA section', v_at);
      end if;
    elsif left(v_piece, 1) = '?' then
      v_mode := '?>';
      v_rest := substr(v_piece, 2);
      if lower(left(v_rest, 4)) in ('xml ', E'xml\t', E'xml\n', 'xml?') and v_at <> 1 then
        perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', 'an XML declaration stands elsewhere than at the very beginning', v_at);
      end if;
    end if;

    if v_mode <> '' then
      v_end := strpos(v_rest, v_mode);
      if v_mode = ']]>' then
        v_texts := v_texts + 1;
        v_owners[v_texts] := v_stack[v_depth];
        v_chars[v_texts] := case when v_end > 0 then left(v_rest, v_end - 1) else v_rest end;
        v_raws[v_texts] := true;
        v_spots[v_texts] := v_at;
      end if;
      if v_end = 0 then
        v_at := v_at + v_length;
        continue;
      end if;
      v_rest := substr(v_rest, v_end + length(v_mode));
      v_mode := '';
    else
      -- A tag. A > inside quotes does not end it.
      v_end := strpos(v_piece, '>');
      v_head := left(v_piece, v_end - 1);
      if v_end > 0 and (strpos(v_head, '"') > 0 or strpos(v_head, '''') > 0) then
        v_head := substring(v_piece from '^((?:[^>"'']|"[^"]*"|''[^'']*'')*)>');
        v_end := length(v_head) + 1;
      end if;
      if v_end = 0 or v_end is null then
        perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', 'a tag has no end, or < stands where &lt; belongs', v_at);
      end if;
      v_rest := substr(v_piece, v_end + 1);
      if left(v_head, 1) = '/' then
        v_name := rtrim(substr(v_head, 2), E' \t\n');
        if v_depth = 0 or v_names[v_stack[v_depth]] <> v_name then
          perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', case
            when v_depth = 0 then format('</%s> closes nothing', left(v_name, 60))
            else format('</%s> stands where </%s> belongs', left(v_name, 60), left(v_names[v_stack[v_depth]], 60)) end, v_at);
        end if;
        v_depth := v_depth - 1;
      else
        v_closed := right(v_head, 1) = '/';
        if v_closed then
          v_head := left(v_head, -1);
        end if;
        v_name := substring(v_head from '^[^ \t\n]+');
        if v_name is null or v_name !~ v_name_is then
          perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', format('"%s" is no name of an element', left(coalesce(v_name, v_head), 60)), v_at);
        end if;
        if v_depth = 0 then
          v_roots := v_roots + 1;
          if v_roots > 1 then
            perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', 'there is more than one root element', v_at);
          end if;
        elsif v_depth >= 100 then
          perform meshhook_engine.refuse_xml('MH_XML_DEPTH', 'elements are nested deeper than 100 levels', v_at);
        elsif v_ids >= 20000 then
          perform meshhook_engine.refuse_xml('MH_XML_TOO_LARGE', 'more than 20000 elements', v_at);
        end if;
        v_ids := v_ids + 1;
        v_parents[v_ids] := case when v_depth = 0 then 0 else v_stack[v_depth] end;
        v_names[v_ids] := v_name;
        v_depths[v_ids] := v_depth + 1;
        v_places[v_ids] := v_at;
        v_attrs[v_ids] := nullif(substr(v_head, length(v_name) + 1), '');
        if not v_closed then
          v_depth := v_depth + 1;
          v_stack[v_depth] := v_ids;
        end if;
      end if;
    end if;

    if v_rest <> '' then
      if v_depth > 0 then
        v_texts := v_texts + 1;
        v_owners[v_texts] := v_stack[v_depth];
        v_chars[v_texts] := v_rest;
        v_raws[v_texts] := false;
        v_spots[v_texts] := v_at;
      elsif v_rest ~ '[^[:space:]]' then
        perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', 'text stands outside of the root element', v_at);
      end if;
    end if;
    v_at := v_at + v_length;
  end loop;
  if v_mode <> '' then
    perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', format('the text ends before "%s"', v_mode), v_at);
  elsif v_depth > 0 then
    perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', format('<%s> is never closed', left(v_names[v_stack[v_depth]], 60)), v_places[v_stack[v_depth]]);
  elsif v_roots = 0 then
    perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', 'there is no root element', v_at);
  end if;

  -- Attributes: names once each, values in quotes; read whether or not they are wanted, for what is wrong is wrong.
  v_bad := (
    select min(place) from unnest(v_attrs, v_places) a(attrs, place)
    where attrs ~ '[^ \t\n]'
      and attrs !~ ('^(?:[ \t\n]+' || substr(v_name_is, 2, length(v_name_is) - 2) || '[ \t\n]*=[ \t\n]*(?:"[^"]*"|''[^'']*''))*[ \t\n]*$'));
  if v_bad is not null then
    perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', 'attributes are name="value", each after a space', v_bad);
  end if;
  with one as materialized (
    select id, place, m[1] as full_name, coalesce(m[2], m[3]) as value
    from unnest(v_attrs, v_places) with ordinality a(attrs, place, id)
    cross join lateral regexp_matches(attrs, '([^ \t\n=]+)[ \t\n]*=[ \t\n]*(?:"([^"]*)"|''([^'']*)'')', 'g') m
    where attrs is not null
  ), named as materialized (
    select id, place, value, full_name, case when v_bare then regexp_replace(full_name, '^[^:]*:', '') else full_name end as name
    from one where not v_bare or full_name <> 'xmlns' and full_name not like 'xmlns:%'
  ), twice as (
    select min(place) as place from (select place from one group by id, place, full_name having count(*) > 1) d
  ), grouped as (
    -- Names that differ only in the namespace that is ignored: all are kept.
    select id, name, case when count(*) = 1 then min(to_jsonb(x.value)::text)::jsonb else jsonb_agg(x.value) end as value
    from named
    cross join lateral (select case when value !~ '[&\t\n]' then value else meshhook_engine.xml_text(translate(value, E'\t\n', '  '), place) end as value) x
    group by id, name
  ), owned as (
    select id, jsonb_object_agg(v_prefix || name, value) as value from grouped group by id
  )
  select (select place from twice), array_agg(id::int), array_agg(value) into v_bad, v_kept, v_objects from owned;
  if v_bad is not null then
    perform meshhook_engine.refuse_xml('MH_XML_SYNTAX', 'an attribute is given twice', v_bad);
  end if;
  v_clashing := v_prefix ~ '^[^@#$]' or v_key ~ '^[^@#$]';
  if v_no_attrs then
    v_kept := '{}';
    v_objects := '{}';
  end if;

  -- Texts.
  select array_agg(owner), array_agg(content) into v_strings, v_contents
  from (
    select owner, string_agg(case when raw or strpos(chars, '&') = 0 then chars else meshhook_engine.xml_text(chars, spot) end, '' order by n) as content
    from unnest(v_owners, v_chars, v_raws, v_spots) with ordinality t(owner, chars, raw, spot, n)
    group by owner
  ) t
  where content ~ '[^[:space:]]' or not v_trim;

  -- Elements by depth, with what they hold themselves; then objects, the deepest first, each level handed to its parents.
  with sorted as materialized (
    select e.id::int as id, e.depth, e.parent, case when v_bare then regexp_replace(e.name, '^[^:]*:', '') else e.name end as name,
           a.value as attrs, t.content
    from unnest(v_parents, v_names, v_depths) with ordinality e(parent, name, depth, id)
    left join unnest(v_kept, v_objects) a(id, value) on a.id = e.id
    left join unnest(v_strings, v_contents) t(id, content) on t.id = e.id
    order by e.depth, e.id
  )
  select array_agg(id), array_agg(parent), array_agg(name), array_agg(attrs), array_agg(content),
         (select array_agg(total::int order by depth) from (select depth, sum(count(*)) over (order by depth) as total from sorted group by depth) d)
  into v_ids_sorted, v_parents, v_names, v_objects, v_contents, v_ends
  from sorted;

  v_kept := '{}';
  v_kids := '{}';
  for d in reverse cardinality(v_ends) .. 1 loop
    v_low := coalesce(v_ends[d - 1], 0) + 1;
    v_high := v_ends[d];
    with element as (
      select e.id, e.parent, e.name, coalesce(e.attrs, '{}') || coalesce(k.kids, '{}') as held,
             case when v_trim then btrim(e.content, E' \t\n') when k.id is null or e.content ~ '[^[:space:]]' then e.content end as content,
             v_clashing and (exists (select from jsonb_object_keys(k.kids) c where e.attrs ? c or c = v_key) or e.attrs ? v_key) as clash
      from unnest(v_ids_sorted[v_low:v_high], v_parents[v_low:v_high], v_names[v_low:v_high], v_objects[v_low:v_high], v_contents[v_low:v_high])
        e(id, parent, name, attrs, content)
      left join unnest(v_kept, v_kids) k(id, kids) on k.id = e.id
    ), valued as (
      select id, parent, name, clash, case
        when held = '{}' then x.value
        when coalesce(content, '') = '' then held
        else held || jsonb_build_object(v_key, x.value) end as value
      from element
      cross join lateral (
        select case
          when v_parse and (content in ('true', 'false') or content ~ '^-?(0|[1-9][0-9]{0,30})([.][0-9]{1,30})?$') then content::jsonb
          else to_jsonb(coalesce(content, '')) end as value
      ) x
    ), grouped as (
      select parent, name, bool_or(clash) as clash,
             case when count(*) = 1 and name <> all (v_arrays) then (array_agg(value))[1] else jsonb_agg(value order by id) end as value
      from valued group by parent, name
    ), owned as (
      select parent, jsonb_object_agg(name, value) as kids, min(name) filter (where clash) as clash from grouped group by parent
    )
    select array_agg(parent), array_agg(kids), min(clash) into v_kept, v_kids, v_name from owned;
    if v_name is not null then
      perform meshhook_engine.refuse_xml('MH_XML_CLASH',
        format('<%s> holds two things that would share one key; choose another attribute_prefix or text_key', left(v_name, 60)));
    end if;
  end loop;
  return v_kids[1];
end $$;
