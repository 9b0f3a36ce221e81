-- What failures have in common that are the same but for ids and numbers: workflow, step, class, code, and the message without
-- uuids, hexadecimal words and digits. Sixteen hexadecimal digits.
-- Called by: write, when a run fails.
create or replace function meshhook_engine.fingerprint(p_workflow int, p_error jsonb) returns text
language sql immutable parallel safe
return left(encode(sha256(convert_to(concat_ws(E'\n',
  p_workflow, regexp_replace(p_error ->> 'step', '\d+', '#', 'g'), meshhook_engine.error_class(p_error), p_error ->> 'code',
  regexp_replace(regexp_replace(regexp_replace(lower(left(p_error ->> 'message', 500)),
    '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', '#', 'g'),
    '\m(0x)?(?=[a-f]*[0-9])[0-9a-f]{6,}\M', '#', 'g'),
    '\d+', '#', 'g')), 'UTF8')), 'hex'), 16);
