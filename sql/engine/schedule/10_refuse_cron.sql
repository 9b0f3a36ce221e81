-- Raises what is wrong with a cron text, where, and what to write instead. Called by: parse_cron, cron_field, add_schedule.
create or replace function meshhook_engine.refuse_cron(p_code text, p_position int, p_message text, p_hint text) returns void
language plpgsql immutable as $$
begin
  raise exception using
    errcode = 'MH422', message = format('%s: %s', p_code, p_message),
    detail = jsonb_build_object('code', p_code, 'position', p_position)::text, hint = p_hint;
end $$;
