-- An expression among an endpoint's options, parsed once; an error says where it is wrong.
-- Called by: check_endpoint_options.
create or replace function meshhook_engine.endpoint_expression(p_source jsonb, p_path text) returns jsonb
language plpgsql stable as $$
declare
  v_read record;
  v_root text;
begin
  v_read := meshhook_engine.read_expression(p_source, p_path, null);
  perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', p.path, p.message) from unnest(v_read.problems) p;
  select r into v_root from jsonb_array_elements_text(v_read.refs -> 'roots') r where r <> 'trigger' limit 1;
  if v_root is not null then
    perform meshhook_engine.refuse_setting('MH_ENDPOINT_OPTION', p_path,
      format('there is no %s here: an endpoint sees the request only, as trigger (method, path, query, headers, body)', v_root));
  end if;
  return v_read.tree;
end $$;
