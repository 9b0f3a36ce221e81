-- Takes back those of a group's calls that may not go yet: their steps wait instead of being held by this process, and a
-- queue row that then holds nothing goes. Nothing is written here but what gates count; the changes are written with the rest.
-- p_calls: one array of work items an answer; what is left of each comes back. Items that are to fail carry "refused": the
-- process delivers that error without making the call, so the failure is a fact like any other.
-- Locks: see gate. Called by: accept, deliver, begin, for groups in which a node has a breaker or a project has rates.
create or replace function meshhook_engine.press(
  inout p_changes meshhook_engine.change[], inout p_calls jsonb[], p_seen jsonb[], p_now timestamptz)
language plpgsql volatile as $$
declare
  v_items    jsonb[] := array(
    select i from unnest(p_calls) with ordinality c(list, n) cross join jsonb_array_elements(c.list) with ordinality x(i, k)
    where i ->> 'kind' = 'call' order by n, k);
  v_verdicts jsonb[];
  v_change   meshhook_engine.change;
  v_kept     jsonb;
  v_item     jsonb;
  v_verdict  jsonb;
  v_at       int;
begin
  if v_items = '{}' and p_seen = '{}' then
    return;
  end if;
  v_verdicts := meshhook_engine.gate(v_items, p_seen, p_now);
  if not exists (select from unnest(v_verdicts) v where v is not null) then
    return;
  end if;
  for n in 1 .. cardinality(p_calls) loop
    v_kept := '[]';
    for v_item in select jsonb_array_elements(p_calls[n]) loop
      v_verdict := v_verdicts[array_position(v_items, v_item)];
      if v_verdict is null then
        v_kept := v_kept || jsonb_build_array(v_item);
      elsif not v_verdict ? 'due' then
        v_kept := v_kept || jsonb_build_array(v_item || v_verdict);
      else
        v_at := (select k from generate_subscripts(p_changes, 1) k where (p_changes[k]).run_id = (v_item ->> 'run')::uuid);
        v_change := p_changes[v_at];
        v_change.jobs := nullif(v_change.jobs - (v_item ->> 'step'), '{}');
        v_change.waits := coalesce(v_change.waits, '[]') || jsonb_build_object(
          'step', v_item -> 'step', 'kind', 'retry', 'due', v_verdict -> 'due', 'gate', v_verdict -> 'gate');
        if not meshhook_engine.holds(v_change.jobs, (v_item -> 'job')::bigint) then
          if v_change.new_job = (v_item -> 'job')::bigint then
            v_change.new_job := null;
          else
            v_change.drop_jobs := v_change.drop_jobs || (v_item -> 'job')::bigint;
          end if;
        end if;
        if v_change.jobs is null and v_change.status = 'running' then
          v_change.status := 'waiting';
        end if;
        p_changes[v_at] := v_change;
      end if;
    end loop;
    p_calls[n] := v_kept;
  end loop;
end $$;
