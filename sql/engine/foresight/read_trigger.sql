-- The trigger of a simulation as expressions will see it: {body, headers, query, received_at} at least, header names in lower
-- case. Raises MH_SIMULATE_TRIGGER for what is none. Called by: meshhook.simulate.
create or replace function meshhook_engine.read_trigger(p_trigger jsonb, p_now timestamptz) returns jsonb
language plpgsql immutable as $$
declare
  v_key     text;
  v_problem text;
  v_at      timestamptz := date_trunc('milliseconds', p_now);
begin
  if p_trigger is null or jsonb_typeof(p_trigger) <> 'object' then
    v_problem := format('it is an object, got %s', coalesce(meshhook_engine.quote(p_trigger), 'nothing'));
  else
    select k into v_key from jsonb_object_keys(p_trigger) k
    where k not in ('method', 'path', 'query', 'headers', 'body', 'received_at', 'request_id', 'endpoint') order by k limit 1;
    if v_key is not null then
      v_problem := format('nobody reads "%s"; the data stands under body', left(v_key, 80));
    elsif jsonb_typeof(coalesce(p_trigger -> 'headers', '{}')) <> 'object' or jsonb_typeof(coalesce(p_trigger -> 'query', '{}')) <> 'object' then
      v_problem := 'headers and query are objects';
    elsif p_trigger ? 'received_at' then
      begin
        v_at := meshhook_engine.moment(p_trigger -> 'received_at');
      exception
        when others then
          v_problem := format('received_at is no timestamp: %s', meshhook_engine.quote(p_trigger -> 'received_at'));
      end;
    end if;
  end if;
  if v_problem is not null then
    raise exception using
      errcode = 'MH422', message = 'MH_SIMULATE_TRIGGER: ' || v_problem, detail = '{"code": "MH_SIMULATE_TRIGGER"}',
      hint = 'Give a trigger as expressions see it: {"body": {...}}, and method, path, query, headers where they matter.';
  end if;
  return jsonb_build_object('body', null, 'query', '{}'::jsonb) || p_trigger
    || jsonb_build_object('received_at', meshhook_engine.iso(v_at), 'headers', coalesce((select jsonb_object_agg(lower(h.key), h.value) from jsonb_each(p_trigger -> 'headers') h), '{}'));
end $$;
