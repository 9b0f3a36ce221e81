-- Raises what is wrong with a search. Called by: search_requests.
create or replace function meshhook_engine.refuse_search(p_term text, p_message text) returns void
language plpgsql stable as $$
begin
  raise exception using
    errcode = 'MH400', message = 'MH_SEARCH: ' || p_message, detail = jsonb_build_object('code', 'MH_SEARCH', 'term', p_term)::text,
    hint = 'For example: select * from meshhook.search_requests(''shop'', ''{"verdict": "rejected", "body.order.id": "7"}'');';
end $$;
