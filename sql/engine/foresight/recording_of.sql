-- What the world told a run, as foresee takes it: of each call its tries with the hash of the request they answered and the
-- draw behind them, of each timer when it was over, of each wait what came and when, and '.end' when the run was ended from outside its workflow (a deadline is
-- the definition's own, and passes by itself). '.asked' are the hashes of all requests it made, '.until' when it ended, '.began'
-- when its first step was decided, if that was put off, '.held' what that and pauses add to its deadline; '.steered' says that somebody sent it another way by hand, which no definition does.
-- Called by: meshhook.backtest.
create or replace function meshhook_engine.recording_of(p_facts jsonb) returns jsonb
language plpgsql stable as $$
declare
  v_answers jsonb := '{}';
  v_hashes  jsonb := '{}';
  v_dues    jsonb := '{}';
  v_fact    jsonb;
  v_step    text;
  v_one     jsonb;
  v_paused  timestamptz;
  v_held    interval := '0';
begin
  for v_fact in select f from jsonb_array_elements(p_facts) f loop
    v_step := v_fact ->> 'step';
    v_one := jsonb_build_object('seq', v_fact -> 'seq', 'at', v_fact -> 'at');
    case v_fact ->> 'type'
    when 'call.scheduled' then
      v_hashes := v_hashes || jsonb_build_object(v_step, meshhook_engine.asked(v_fact -> 'data'));
    when 'signal.awaited', 'child.started' then
      v_hashes := v_hashes || jsonb_build_object(v_step, meshhook_engine.asked(v_fact -> 'data'));
      v_dues := v_dues || jsonb_build_object(v_step, v_fact #> '{data,due}');
    when 'signal.received', 'child.finished' then
      v_answers := v_answers || jsonb_build_object(v_step, jsonb_build_array(
        v_one || jsonb_build_object('recorded', v_fact -> 'data', 'hash', v_hashes -> v_step)));
    when 'call.attempted' then
      v_answers := v_answers || jsonb_build_object(v_step, coalesce(v_answers -> v_step, '[]')
        || (v_one || jsonb_build_object('recorded', v_fact -> 'data', 'hash', v_hashes -> v_step)));
    when 'retry.scheduled' then
      v_answers := jsonb_set(v_answers, array[v_step, '-1', 'draw'], v_fact #> '{data,draw}');
    when 'timer.set' then
      v_dues := v_dues || jsonb_build_object(v_step, v_fact #> '{data,due}');
    when 'timer.fired' then
      if v_step = '*' then  -- a start that was put off or held back
        v_answers := v_answers || jsonb_build_object('.began', v_fact -> 'at');
        v_held := v_held - ((v_fact ->> 'at')::timestamptz - (p_facts #>> '{0,at}')::timestamptz);
        continue;
      end if;
      v_answers := v_answers || jsonb_build_object(v_step, jsonb_build_array(
        v_one || jsonb_build_object('due', v_dues -> v_step, 'hash', v_hashes -> v_step)));
    when 'run.failed', 'run.canceled' then
      if (v_fact -> 'outside')::boolean and v_fact #>> '{data,error,code}' <> 'MH_DEADLINE' then
        v_answers := v_answers || jsonb_build_object('.end', v_one || jsonb_build_object('type', v_fact -> 'type', 'data', v_fact -> 'data'));
      end if;
    when 'run.retried', 'run.continued' then
      v_answers := v_answers || '{".steered": true}';
    when 'run.paused' then
      v_paused := (v_fact ->> 'at')::timestamptz;
    when 'run.resumed' then
      v_held := v_held + ((v_fact ->> 'at')::timestamptz - v_paused);
    else
      null;
    end case;
  end loop;
  return v_answers || jsonb_build_object('.asked', v_hashes, '.until', v_fact -> 'at', '.held', v_held);
end $$;
