-- Why a request was not let in, or what became of it, in words for a person: one row. Facts come from the trace that the door
-- kept; the words are explain_words'. Secrets are named by fingerprint, signatures by their first characters.
-- After a reevaluation that found something else wrong, that is what is explained.
-- Takes no lock.
create or replace function meshhook.explain_request(id uuid)
returns table (
  verdict text, cause text, why text, problem text, advice text, verified_by text, signed text, expected text, got text,
  clock_off interval, secrets text[], details jsonb, later text)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  v_request meshhook.requests := meshhook_engine.request_for(explain_request.id, 'view');
  v_end     meshhook.endpoints;
  v_again   meshhook.reevaluations;
  v_trace   jsonb := coalesce(v_request.trace, '{}');
  v_facts   jsonb;
  v_name    text;
  v_value   text;
begin
  select * into v_end from meshhook.endpoints e where e.id = v_request.endpoint_id;
  select * into v_again from meshhook.reevaluations r
  where r.project_id = v_request.project_id and r.request_id = v_request.id order by r.id desc limit 1;
  verdict := v_request.verdict;
  cause := v_request.cause;
  if v_request.verdict <> 'rejected' then
    v_trace := '{}';
  elsif v_again.verdict = 'rejected' and v_again.trace is not null then
    cause := v_again.cause;
    v_trace := v_again.trace;
  end if;
  why := coalesce(v_trace ->> 'why', cause);
  select w.problem, w.advice into problem, advice from meshhook_engine.explain_words() w where w.why = coalesce(v_trace ->> 'why', cause);
  problem := coalesce(problem, v_request.message, case when v_request.run_ids is not null then format('It was accepted and started %s.', array_to_string(v_request.run_ids, ', ')) end,
    'It was ' || verdict || '.');

  secrets := array(
    select format('%s %s', s.fingerprint, t.value ->> 'state')
    from jsonb_array_elements(case jsonb_typeof(v_trace -> 'secrets') when 'array' then v_trace -> 'secrets' else '[]' end) with ordinality t(value, ord)
    join meshhook.endpoint_secrets s on s.id = (t.value ->> 'id')::uuid
    order by t.ord);
  v_facts := v_trace || jsonb_strip_nulls(jsonb_build_object(
    'secret', coalesce((select s.fingerprint from meshhook.endpoint_secrets s where s.id = nullif(v_trace ->> 'secret', '')::uuid), 'without a name'),
    'clock', meshhook_engine.about_duration(abs((v_trace -> 'clock_ms')::bigint)),
    'tolerance', meshhook_engine.duration_text((v_trace -> 'tolerance_ms')::bigint),
    'leeway', meshhook_engine.duration_text((v_trace -> 'leeway_ms')::bigint),
    'endpoint', coalesce(v_end.name, v_request.endpoint_id::text), 'endpoint_id', v_request.endpoint_id, 'request', v_request.id));
  for v_name, v_value in select f.key, f.value from jsonb_each_text(v_facts) f where f.key <> 'body' loop
    problem := replace(problem, '{' || v_name || '}', coalesce(v_value, ''));
    advice := replace(advice, '{' || v_name || '}', coalesce(v_value, ''));
  end loop;
  problem := regexp_replace(problem, '\{(?!body\})[a-z_]+\}', '', 'g');
  advice := regexp_replace(advice, '\{(?!body\})[a-z_]+\}', '', 'g');

  verified_by := coalesce(v_trace ->> 'preset' || ' (' || (v_trace ->> 'kind') || ')', v_trace ->> 'kind', v_end.verify ->> 'kind');
  signed := v_trace ->> 'signed';
  expected := v_trace ->> 'expected';
  got := v_trace ->> 'got';
  clock_off := make_interval(secs => (v_trace -> 'clock_ms')::float8 / 1000);
  details := nullif(v_trace - '{why,secrets,signed,expected,got}'::text[], '{}');
  later := case
    when v_again.id is null then null
    when v_again.done_at is null then 'It waits to be verified again, since ' || v_again.requested_at || '.'
    when v_again.verdict = 'rejected' then format('It was verified again on %s and was still refused: %s.', v_again.done_at, coalesce(v_again.message, v_again.cause))
    else format('It was refused first (%s), verified again on %s, and then %s.', v_request.trace ->> 'why', v_again.done_at, v_again.verdict) end;
  return next;
end $$;
comment on function meshhook.explain_request(uuid) is
  'Why a request was refused, in words, and what to do: which secret, what was signed, what was expected and came, how far the clocks are apart.';
