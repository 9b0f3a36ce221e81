-- delay: when the timer is due, as milliseconds since 1970 (due) and as text (until).
create or replace function meshhook_engine.node_delay(p_node jsonb, p_root jsonb, p_at timestamptz) returns jsonb
language plpgsql immutable as $$
declare
  v_due timestamptz;
begin
  if p_node ? 'until' then
    v_due := meshhook_engine.moment(meshhook_expr.eval(p_node -> 'until', p_root));
  elsif p_node ? 'for' then
    v_due := p_at + make_interval(secs => meshhook_engine.duration_ms(meshhook_expr.render(p_node -> 'for', p_root) #>> '{}') / 1000.0);
  else
    v_due := p_at + make_interval(secs => (p_node -> 'for_ms')::numeric::float8 / 1000.0);
  end if;
  return jsonb_build_object('due', (extract(epoch from v_due) * 1000)::bigint, 'until', meshhook_engine.iso(v_due));
end $$;
