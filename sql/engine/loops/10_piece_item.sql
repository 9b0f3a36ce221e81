-- The item of an iteration out of the pieces that were read from the log (first item's number -> items); null when its piece was
-- not read, the JSON null when the piece holds no such item. p_state is the loop's, with b and k.
-- Called by: decide.
create or replace function meshhook_engine.piece_item(p_pieces jsonb, p_state jsonb, p_index int) returns jsonb
language plpgsql immutable parallel safe as $$
declare
  v_first int := (p_state -> 'b')::int;
  v_piece jsonb;
begin
  v_first := v_first + (p_index - v_first) / (p_state -> 'k')::int * (p_state -> 'k')::int;
  v_piece := p_pieces -> v_first::text;
  return case when v_piece is not null then coalesce(v_piece -> (p_index - v_first), 'null') end;
end $$;
