-- One event as a sentence. Called by: meshhook.history.
create or replace function meshhook_engine.summary(p_type meshhook.event_type, p_attempt int, p_data jsonb) returns text
language plpgsql immutable as $$
begin
  return case p_type
    when 'run.started' then format('version %s of %s, %s', p_data ->> 'version', p_data ->> 'workflow',
      case when p_data ? 'request' then 'by request ' || (p_data ->> 'request')
           when p_data #> '{trigger,parent}' is not null then 'by run ' || (p_data #>> '{trigger,parent,run}')
           when p_data #> '{trigger,schedule}' is not null then 'by schedule ' || (p_data #>> '{trigger,schedule}')
           when p_data #> '{trigger,table}' is not null then format('by %s of %s', p_data #>> '{trigger,op}', p_data #>> '{trigger,table}') else 'by hand' end)
    when 'segment.decided' then coalesce((
        select string_agg(case
          when s ? 'error' then format('%s failed: %s', s ->> 'step', s #>> '{error,message}')
          when s ? 'ports' then format('%s took %s', s ->> 'step', coalesce(nullif((select string_agg(p, ', ') from jsonb_array_elements_text(s -> 'ports') p), ''), 'no port'))
          when s ? 'each' then format('%s went through %s', s ->> 'step', s #> '{each,count}') || case when s #> '{each,failed}' <> '0' then format(' (%s failed)', s #> '{each,failed}') else '' end
          else s ->> 'step' end, '; ' order by n)
        from jsonb_array_elements(p_data -> 'steps') with ordinality x(s, n) where n <= 50), '')
      || case when jsonb_array_length(p_data -> 'steps') > 50 then format(' and %s more', jsonb_array_length(p_data -> 'steps') - 50) else '' end
      || coalesce(' (skipped: ' || (select string_agg(k, ', ' order by n) from jsonb_array_elements_text(p_data -> 'skipped') with ordinality x(k, n) where n <= 50)
        || case when jsonb_array_length(p_data -> 'skipped') > 50 then format(' and %s more', jsonb_array_length(p_data -> 'skipped') - 50) else '' end || ')', '')
    when 'call.scheduled' then format('%s %s', p_data ->> 'method', p_data ->> 'url')
    when 'call.attempted' then format('attempt %s: %s', p_attempt,
      case when p_data ? 'error' then coalesce('status ' || (p_data ->> 'status') || ', ', '') || (p_data #>> '{error,message}')
           else 'status ' || (p_data ->> 'status') end)
    when 'call.succeeded' then format('after %s attempt%s', p_data ->> 'attempts', case when p_data ->> 'attempts' = '1' then '' else 's' end)
    when 'call.failed' then p_data #>> '{error,message}'
    when 'retry.scheduled' then format('attempt %s in %s ms', p_attempt, p_data ->> 'delay_ms')
    when 'loop.started' then case when p_data ? 'count' then format('through %s items', p_data ->> 'count')
      else format('items from %s on, kept for later', p_data ->> 'from') end
    when 'signal.awaited' then coalesce('approval: ' || (p_data #>> '{approval,title}'), 'signal ' || (p_data ->> 'signal') || coalesce(' for ' || nullif(p_data ->> 'key', ''), ''))
      || coalesce(', until ' || (p_data ->> 'until'), '')
    when 'signal.received' then coalesce('signal ' || (p_data ->> 'signal') || coalesce(' for ' || nullif(p_data ->> 'key', ''), '') || coalesce(' from ' || (p_data ->> 'by'), ''),
      case when p_data #> '{value,approved}' = 'true' then 'approved' else 'rejected' end || ' by ' || (p_data #>> '{value,by}') || coalesce(': ' || (p_data #>> '{value,note}'), ''))
    when 'child.started' then format('%s%s as run %s', p_data ->> 'workflow', coalesce(' version ' || nullif(p_data ->> 'version', 'latest'), ''), p_data ->> 'run')
    when 'child.finished' then case when p_data ? 'error' then p_data #>> '{error,message}' else format('run %s %s', p_data ->> 'run', p_data ->> 'status') end
    when 'timer.set' then 'until ' || (p_data ->> 'until')
    when 'run.paused' then 'by ' || (p_data ->> 'by') || coalesce(': ' || (p_data ->> 'reason'), '')
    when 'run.retried' then 'by ' || (p_data ->> 'by')
    when 'run.continued' then format('skipped by %s: %s', p_data ->> 'by', left(p_data ->> 'output', 200))
    when 'run.resumed' then 'by ' || (p_data ->> 'by')
    when 'run.succeeded' then left(coalesce(p_data ->> 'output', 'null'), 200)
    when 'run.failed' then p_data #>> '{error,message}'
    when 'run.canceled' then p_data #>> '{error,message}'
    else null end;
end $$;
