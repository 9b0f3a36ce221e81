-- delay: checks and compiles its `with`. Exactly one of for (a duration, or a template that gives one) and until.
-- Called by: define_node.
create or replace function meshhook_engine.define_delay(
  p_with jsonb, p_path text, p_node text,
  out problems meshhook_engine.problem[], out compiled jsonb, out ports jsonb, out uses jsonb)
language plpgsql immutable as $$
declare
  v_read record;
begin
  ports := '["out"]';
  uses := '[]';
  problems := meshhook_engine.check_fields(p_with, '{"for": {"is": "any"}, "until": {"is": "any"}}', p_path, p_node);
  if jsonb_typeof(p_with) <> 'object' then
    return;
  end if;
  if p_with ? 'for' = p_with ? 'until' then
    problems := problems || meshhook_engine.problem('MH_DEF_ONE_OF', p_path, p_node, 'a delay takes exactly one of for and until');
  end if;
  if p_with ? 'for' then
    if jsonb_typeof(p_with -> 'for') = 'string' and strpos(p_with ->> 'for', '{{') > 0 then
      select * into v_read from meshhook_engine.read_template(p_with -> 'for', p_path || '/for', p_node);
      compiled := jsonb_build_object('for', v_read.template);
      uses := uses || jsonb_build_object('path', p_path || '/for', 'refs', v_read.refs);
      problems := problems || v_read.problems;
    else
      problems := problems || meshhook_engine.check_fields(jsonb_build_object('for', p_with -> 'for'),
        '{"for": {"is": "duration", "min": 1, "max": 315360000000}}', p_path, p_node);
      compiled := jsonb_build_object('for_ms', meshhook_engine.parse_duration(p_with ->> 'for'));
    end if;
  end if;
  if p_with ? 'until' then
    select * into v_read from meshhook_engine.read_expression(p_with -> 'until', p_path || '/until', p_node);
    compiled := jsonb_build_object('until', v_read.tree);
    uses := uses || jsonb_build_object('path', p_path || '/until', 'refs', v_read.refs);
    problems := problems || v_read.problems;
  end if;
end $$;
