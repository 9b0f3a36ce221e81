-- How a run began: its trigger (from the request, or as it was given) and the project variables recorded then.
-- Reads by primary key. Called by: advance.
create or replace function meshhook_engine.recall_start(p_run uuid, p_request uuid) returns jsonb
language plpgsql stable as $$
declare
  v_started jsonb;
begin
  select f.data into v_started from meshhook_engine.facts(p_run, array[1]) f;
  return jsonb_build_object(
    'vars', coalesce(v_started -> 'vars', '{}'),
    'trigger', coalesce(
      v_started -> 'trigger',
      (select meshhook_engine.trigger_of(q.id, q.endpoint_id, meshhook_engine.iso(q.received_at), q.method, q.path, q.query, q.headers,
                meshhook_engine.parse_body(q.headers ->> 'content-type', q.body))
       from meshhook.requests q where q.id = p_request)));
end $$;
