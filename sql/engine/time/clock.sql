-- The engine's one clock. In a test database (settings: test = true) the GUC meshhook.fake_now stands in for it.
-- Called by: accept, deliver, wake and the verbs, once a transaction; never by decide.
create or replace function meshhook_engine.clock() returns timestamptz
language plpgsql volatile as $$
declare
  v_fake text := current_setting('meshhook.fake_now', true);
begin
  if v_fake is null or v_fake = '' then
    return clock_timestamp();
  end if;
  if not exists (select from meshhook.settings s where s.name = 'test' and s.value = 'true') then
    raise exception using
      errcode = 'MH403',
      message = 'MH_FAKE_CLOCK: meshhook.fake_now is set, but this is not a test database',
      detail  = '{"code": "MH_FAKE_CLOCK"}',
      hint    = 'Run: reset meshhook.fake_now';
  end if;
  return v_fake::timestamptz;
end $$;
