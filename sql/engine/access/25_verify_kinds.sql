-- The ways to verify that the door has by itself; every other kind is a preset.
-- Called by: check_verify, resolved_verify, keep_preset.
create or replace function meshhook_engine.verify_kinds() returns text[]
language sql immutable parallel safe
return '{none,hmac,ed25519,ecdsa,standard_webhooks,jwt,basic,bearer,api_key}'::text[];
