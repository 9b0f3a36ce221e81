-- One problem. Messages quote what users wrote, so they are cut to a readable length here, in one place.
-- Called by: every check.
create or replace function meshhook_engine.problem(
  p_code text, p_path text, p_node text, p_message text, p_severity text default 'error')
returns meshhook_engine.problem
language sql immutable parallel safe
return row(p_severity, p_code, left(p_path, 1000), left(p_node, 200), left(p_message, 1000))::meshhook_engine.problem;
