-- signature: what a function takes: {"least", "most" (absent: any number), "family", "takes": [per argument: the
--   accepted type initials n s a o b z, "" any, "&" an expression]}; SQL NULL for an unknown name. The last entry of
--   "takes" holds for all further arguments. "light" functions cost next to nothing whatever they are given.
-- Called by: expression (so unknown functions and wrong counts are found when a workflow is published). Reads nothing.
create or replace function meshhook_expr.signature(name text)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  return case name
    when 'length' then '{"light":true,"least":1,"most":1,"family":"any","takes":["sao"]}'
    when 'type' then '{"light":true,"least":1,"most":1,"family":"any","takes":[""]}'
    when 'to_string' then '{"least":1,"most":1,"family":"any","takes":[""]}'
    when 'to_number' then '{"light":true,"least":1,"most":1,"family":"any","takes":[""]}'
    when 'to_array' then '{"least":1,"most":1,"family":"any","takes":[""]}'
    when 'not_null' then '{"light":true,"least":1,"family":"any","takes":[""]}'
    when 'contains' then '{"least":2,"most":2,"family":"any","takes":["sa",""]}'
    when 'reverse' then '{"least":1,"most":1,"family":"any","takes":["sa"]}'
    when 'abs' then '{"light":true,"least":1,"most":1,"family":"number","takes":["n"]}'
    when 'ceil' then '{"light":true,"least":1,"most":1,"family":"number","takes":["n"]}'
    when 'floor' then '{"light":true,"least":1,"most":1,"family":"number","takes":["n"]}'
    when 'avg' then '{"least":1,"most":1,"family":"array","takes":["a"]}'
    when 'sum' then '{"least":1,"most":1,"family":"array","takes":["a"]}'
    when 'max' then '{"least":1,"most":1,"family":"array","takes":["a"]}'
    when 'min' then '{"least":1,"most":1,"family":"array","takes":["a"]}'
    when 'sort' then '{"least":1,"most":1,"family":"array","takes":["a"]}'
    when 'join' then '{"least":2,"most":2,"family":"array","takes":["s","a"]}'
    when 'zip' then '{"least":1,"family":"array","takes":["a"]}'
    when 'from_items' then '{"least":1,"most":1,"family":"object","takes":["a"]}'
    when 'items' then '{"least":1,"most":1,"family":"object","takes":["o"]}'
    when 'keys' then '{"least":1,"most":1,"family":"object","takes":["o"]}'
    when 'values' then '{"least":1,"most":1,"family":"object","takes":["o"]}'
    when 'merge' then '{"least":1,"family":"object","takes":["o"]}'
    when 'starts_with' then '{"light":true,"least":2,"most":2,"family":"string","takes":["s","s"]}'
    when 'ends_with' then '{"light":true,"least":2,"most":2,"family":"string","takes":["s","s"]}'
    when 'lower' then '{"least":1,"most":1,"family":"string","takes":["s"]}'
    when 'upper' then '{"least":1,"most":1,"family":"string","takes":["s"]}'
    when 'trim' then '{"least":1,"most":2,"family":"string","takes":["s","s"]}'
    when 'trim_left' then '{"least":1,"most":2,"family":"string","takes":["s","s"]}'
    when 'trim_right' then '{"least":1,"most":2,"family":"string","takes":["s","s"]}'
    when 'pad_left' then '{"least":2,"most":3,"family":"string","takes":["s","n","s"]}'
    when 'pad_right' then '{"least":2,"most":3,"family":"string","takes":["s","n","s"]}'
    when 'replace' then '{"least":3,"most":4,"family":"string","takes":["s","s","s","n"]}'
    when 'split' then '{"least":2,"most":3,"family":"string","takes":["s","s","n"]}'
    when 'find_first' then '{"least":2,"most":4,"family":"string","takes":["s","s","n","n"]}'
    when 'find_last' then '{"least":2,"most":4,"family":"string","takes":["s","s","n","n"]}'
    when 'map' then '{"least":2,"most":2,"family":"by","takes":["&","a"]}'
    when 'sort_by' then '{"least":2,"most":2,"family":"by","takes":["a","&"]}'
    when 'max_by' then '{"least":2,"most":2,"family":"by","takes":["a","&"]}'
    when 'min_by' then '{"least":2,"most":2,"family":"by","takes":["a","&"]}'
    when 'group_by' then '{"least":2,"most":2,"family":"by","takes":["a","&"]}'
  end::jsonb;
end
$$;
