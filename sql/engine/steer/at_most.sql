-- How many runs one statement may steer, checked: one transaction holds a lock on each. Called by: the verbs named ..._all.
create or replace function meshhook_engine.at_most(p_most int) returns int
language plpgsql immutable as $$
begin
  if p_most is null or p_most not between 1 and 100000 then
    raise exception using
      errcode = 'MH400', message = format('MH_MOST: %s is not between 1 and 100000', coalesce(p_most::text, 'null')), detail = '{"code": "MH_MOST"}',
      hint = 'Do more in several statements: what is done is not found again.';
  end if;
  return p_most;
end $$;
