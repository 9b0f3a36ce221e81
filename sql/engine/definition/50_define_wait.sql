-- wait: checks and compiles its `with`. Exactly one of signal (a name, with an expression for the key) and approval ({title});
-- timeout is a duration, or a template that gives one.
-- Called by: define_node.
create or replace function meshhook_engine.define_wait(
  p_with jsonb, p_path text, p_node text,
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_read record;
begin
  ports := '["out", "timeout", "error"]';
  uses := '[]';
  problems := meshhook_engine.check_fields(p_with, '{
    "signal": {"is": "any"}, "key": {"is": "any"}, "approval": {"is": "object"}, "timeout": {"is": "any"}}', p_path, p_node);
  if jsonb_typeof(p_with) <> 'object' then
    return;
  end if;
  if p_with ? 'signal' = p_with ? 'approval' then
    problems := problems || meshhook_engine.problem('MH_DEF_ONE_OF', p_path, p_node, 'a wait takes exactly one of signal and approval');
  end if;
  compiled := '{}';
  if p_with ? 'signal' then
    if jsonb_typeof(p_with -> 'signal') <> 'string' or p_with ->> 'signal' !~ meshhook_engine.signal_name() then
      problems := problems || meshhook_engine.problem('MH_DEF_SIGNAL', p_path || '/signal', p_node,
        format('%s is no name of a signal: a lower case letter, then letters, digits, _, - and ., 63 at most', meshhook_engine.quote(p_with -> 'signal')));
    end if;
    compiled := jsonb_build_object('signal', p_with -> 'signal');
  end if;
  if p_with ? 'key' then
    if not p_with ? 'signal' then
      problems := problems || meshhook_engine.problem('MH_DEF_SIGNAL', p_path || '/key', p_node, 'a key belongs to a signal');
    end if;
    select * into v_read from meshhook_engine.read_expression(p_with -> 'key', p_path || '/key', p_node);
    compiled := compiled || jsonb_build_object('key', v_read.tree);
    uses := uses || jsonb_build_object('path', p_path || '/key', 'refs', v_read.refs);
    problems := problems || v_read.problems;
  end if;
  if jsonb_typeof(p_with -> 'approval') = 'object' then
    problems := problems || meshhook_engine.check_fields(p_with -> 'approval', '{"title": {"is": "text", "max": 500}}', p_path || '/approval', p_node, '{title}');
    select * into v_read from meshhook_engine.read_template(coalesce(p_with #> '{approval,title}', '""'), p_path || '/approval/title', p_node);
    compiled := compiled || jsonb_build_object('approval', v_read.template);
    uses := uses || jsonb_build_object('path', p_path || '/approval/title', 'refs', v_read.refs);
    problems := problems || v_read.problems;
  end if;
  if p_with ? 'timeout' then
    if jsonb_typeof(p_with -> 'timeout') = 'string' and strpos(p_with ->> 'timeout', '{{') > 0 then
      select * into v_read from meshhook_engine.read_template(p_with -> 'timeout', p_path || '/timeout', p_node);
      compiled := compiled || jsonb_build_object('timeout', v_read.template);
      uses := uses || jsonb_build_object('path', p_path || '/timeout', 'refs', v_read.refs);
      problems := problems || v_read.problems;
    else
      problems := problems || meshhook_engine.check_fields(jsonb_build_object('timeout', p_with -> 'timeout'),
        '{"timeout": {"is": "duration", "min": 1, "max": 315360000000}}', p_path, p_node);
      compiled := compiled || jsonb_build_object('timeout_ms', meshhook_engine.parse_duration(p_with ->> 'timeout'));
    end if;
  end if;
end $$;
