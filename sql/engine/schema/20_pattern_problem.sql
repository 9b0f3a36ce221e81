-- Why a pattern cannot be used, null when it can: not a regular expression that PostgreSQL understands, longer than 500
-- characters, or with a back reference (all else is matched in time linear in the text, a back reference is not).
-- Called by: schema_problems. Never raises.
create or replace function meshhook_engine.pattern_problem(p_pattern jsonb) returns text
language plpgsql immutable as $$
begin
  if jsonb_typeof(p_pattern) <> 'string' then
    return 'is a string';
  elsif length(p_pattern #>> '{}') > 500 then
    return 'is longer than 500 characters';
  elsif regexp_replace(p_pattern #>> '{}', '\\\\', '', 'g') ~ '\\[1-9]' then
    return 'has a back reference, which can take forever to match';
  end if;
  perform '' ~ (p_pattern #>> '{}');
  return null;
exception
  when others then
    return 'is no regular expression: ' || sqlerrm;
end $$;
