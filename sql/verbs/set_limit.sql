-- Sets a limit of a project, or takes it away (amount null). Kinds:
--   calls      outgoing calls: amount in each per, key the host of the destination or null for all of the project; burst calls may
--              go at once after a quiet time (1: evenly spaced)
--   open_runs  runs open at once: beyond amount the door answers 429 and start raises MH429; those open already count
-- A changed rate begins anew, and calls that wait for it ask again.
-- Locks: the project's row, then the open runs in id order (open_runs), or the rate_buckets row and waits, skip locked (calls).
-- Audited as a change of the project.
create or replace function meshhook.set_limit(
  project text, kind text, key text default null, amount bigint default null, per interval default null, burst int default null)
returns void
language plpgsql volatile security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_project int := meshhook_engine.require(project, 'admin');
  v_now     timestamptz := meshhook_engine.clock();
  v_limits  jsonb;
  v_key     text := lower(coalesce(set_limit.key, ''));
  v_wrong   text;
begin
  v_wrong := case
    when set_limit.kind = 'open_runs' then case
      when set_limit.key is not null or per is not null or burst is not null then 'open_runs is a number of runs of the whole project; it has no key, per or burst'
      when amount not between 1 and 1000000000 then format('amount is %s, it must be between 1 and 1000000000', amount) end
    when set_limit.kind is distinct from 'calls' then format('there is no limit of kind %s', coalesce(quote_literal(left(set_limit.kind, 100)), 'null'))
    when v_key ~ '[/?#@\s]' or length(v_key) > 300 then format('%s is no host; write erp.example or erp.example:8443', quote_literal(left(v_key, 100)))
    when amount is null and (per is not null or burst is not null) then 'amount is missing; without it the limit is taken away, and then per and burst say nothing'
    when amount is null then null
    when amount not between 1 and 1000000000 then format('amount is %s, it must be between 1 and 1000000000', amount)
    when per is null then 'per is missing: amount calls in how long?'
    when per not between interval '1 millisecond' and interval '30 days' then format('per is %s, it must be between 1 ms and 30 days', per)
    when coalesce(burst, 1) not between 1 and 1000000 then format('burst is %s, it must be between 1 and 1000000', burst)
    end;
  if v_wrong is not null then
    raise exception using
      errcode = 'MH400', message = 'MH_LIMIT: ' || v_wrong, detail = '{"code": "MH_LIMIT"}',
      hint = format('Such as: select meshhook.set_limit(%L, ''calls'', ''erp.example'', 100, ''1 minute'', 10)', project);
  end if;

  select coalesce(p.limits, '{}') into v_limits from meshhook.projects p where p.id = v_project for no key update;
  if set_limit.kind = 'open_runs' then
    update meshhook.projects p
    set limits = nullif(case when amount is null then v_limits - 'open_runs' else v_limits || jsonb_build_object('open_runs', amount) end, '{}')
    where p.id = v_project;
    perform meshhook_engine.recount_runs(v_project);
    return;
  end if;
  v_limits := v_limits || jsonb_build_object('calls', case
    when amount is null then coalesce(v_limits -> 'calls', '{}') - v_key
    else coalesce(v_limits -> 'calls', '{}') || jsonb_build_object(v_key, jsonb_build_object(
      'amount', amount, 'per_ms', round(extract(epoch from per) * 1000), 'burst', coalesce(burst, 1))) end);
  if v_limits -> 'calls' = '{}' then
    v_limits := v_limits - 'calls';
  end if;
  update meshhook.projects p set limits = nullif(v_limits, '{}') where p.id = v_project;
  delete from meshhook.rate_buckets b where b.project_id = v_project and b.key = v_key;
  delete from meshhook.rate_grants g where g.project_id = v_project;
  perform meshhook_engine.free_waits(v_project, 'rate:' || v_key, v_now);
end $$;
comment on function meshhook.set_limit(text, text, text, bigint, interval, int) is
  'Sets a limit of a project: calls, amount in each per, to a host (key) or in all; open_runs, amount at once. Without an amount it is taken away.';
