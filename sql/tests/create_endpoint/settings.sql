-- Endpoints: tokens, names, how they verify, what else can be set.
begin;
select plan(57);
select lives_ok($$select meshhook.create_project('door-test'), meshhook.save_draft('door-test', 'flow', '{}')$$);
create temp table made as select * from meshhook.create_endpoint('door-test', 'flow');
select matches((select token from made), '^[a-z2-7]{26}$', '128 bits in base32');
select is((select path from made), (select '/hooks/' || token from made), 'its path');
select is((select array[name, state, verified_by, methods::text, max_body::text, workflows::text, path] from meshhook.endpoint_list where project = 'door-test'),
  array['flow', 'active', 'none', '{POST}', '1048576', '{flow}', (select path from made)], 'as listed');
select is((select count(distinct meshhook_engine.new_token()) from generate_series(1, 1000)), 1000::bigint, 'tokens differ');
select cmp_ok((select max(abs(n - 500)) from (select count(*) filter (where strpos('abcdefghijklmnop', substr(t, i, 1)) > 0) as n
  from (select meshhook_engine.new_token() t from generate_series(1, 1000)) x, generate_series(1, 25) i group by i) y), '<', 100::bigint, 'each character but the last is spread evenly');
select lives_ok($$select meshhook.create_endpoint('door-test', 'flow')$$, 'a second one');
select is((select array_agg(name order by name) from meshhook.endpoint_list where project = 'door-test'), '{flow,flow-2}', 'gets another name');
select throws_like($$select meshhook.create_endpoint('door-test', 'flow', '{"kind": "none"}', '{"name": "flow"}')$$, 'MH_ENDPOINT_EXISTS: %', 'unless asked for by name');
select throws_like($$select meshhook.create_endpoint('door-test', 'nothing')$$, 'MH_WORKFLOW_UNKNOWN: %', 'no workflow');
select lives_ok($$select meshhook.create_endpoint('door-test', 'flow', '{"kind": "hmac", "header": "X-Signature", "prefix": "sha256=", "signed": "{timestamp}.{body}", "timestamp_header": "X-Time"}',
  '{"name": "signed", "methods": ["PUT", "POST", "PUT"], "max_body": 100, "respond": {"mode": "wait", "timeout": "2s"}}')$$, 'a recipe and options');
select is((select array[verify, options, to_jsonb(methods), to_jsonb(max_body)] from meshhook.endpoint_list where name = 'signed' and project = 'door-test'),
  array['{"kind": "hmac", "header": "x-signature", "prefix": "sha256=", "signed": "{timestamp}.{body}", "encoding": "hex", "algorithm": "sha256", "tolerance": "5m", "tolerance_ms": 300000, "timestamp_header": "x-time"}',
    '{"respond": {"mode": "wait", "timeout_ms": 2000}}', '["POST", "PUT"]', '100']::jsonb[], 'with defaults filled in');
select throws_like(format('select meshhook.create_endpoint(''door-test'', ''flow'', %L)', v), c, v::text) from (values
  ('{}'::jsonb, 'MH_VERIFY_KIND: %'), (null, 'MH_VERIFY_KIND: %'), ('{"kind": "magic"}', 'MH_VERIFY_KIND: %'), ('{"kind": "github", "what": 1}', 'MH_VERIFY: %'), ('{"kind": "github", "handshake": "x"}', 'MH_VERIFY: %'),
  ('{"kind": "none", "header": "x"}', 'MH_VERIFY: %'), ('{"kind": "hmac"}', 'MH_VERIFY: %'), ('{"kind": "hmac", "header": "a b"}', 'MH_VERIFY: %'),
  ('{"kind": "hmac", "header": "a", "algorithm": "md5"}', 'MH_VERIFY: %'), ('{"kind": "hmac", "header": "a", "signed": "{timestamp}{body}"}', 'MH_VERIFY: %'),
  ('{"kind": "hmac", "header": "a", "signed": "{url}"}', 'MH_VERIFY: %'), ('{"kind": "hmac", "header": "a", "tolerance": "5m"}', 'MH_VERIFY: %'),
  ('{"kind": "hmac", "header": "a", "signed": "{form}"}', 'MH_VERIFY: %'), ('{"kind": "hmac", "header": "a", "signed": "{url}{form}"}', 'MH_VERIFY: %'),
  ('{"kind": "hmac", "header": "a", "body_hash_query": "h"}', 'MH_VERIFY: %'), ('{"kind": "ed25519", "header": "a", "algorithm": "sha1"}', 'MH_VERIFY: %'),
  ('{"kind": "ecdsa", "header": "a", "algorithm": "sha1"}', 'MH_VERIFY: %'), ('{"kind": "ecdsa"}', 'MH_VERIFY: %'), ('{"kind": "api_key"}', 'MH_VERIFY: %'),
  ('{"kind": "api_key", "header": "a", "query": "b"}', 'MH_VERIFY: %'), ('{"kind": "api_key", "query": "a b"}', 'MH_VERIFY: %'), ('{"kind": "basic", "header": "a"}', 'MH_VERIFY: %'),
  ('{"kind": "jwt", "header": "a", "query": "b"}', 'MH_VERIFY: %'), ('{"kind": "jwt", "jwks_url": "http://issuer.example/keys"}', 'MH_VERIFY: %'),
  ('{"kind": "jwt", "jwks_url": "file:///etc/passwd"}', 'MH_VERIFY: %'), ('{"kind": "jwt", "jwks_url": "https://user@host/"}', 'MH_VERIFY: %'), ('{"kind": "jwt", "leeway": "2h"}', 'MH_VERIFY: %'),
  ('{"kind": "standard_webhooks", "header_prefix": "a b"}', 'MH_VERIFY: %'), ('{"kind": "standard_webhooks", "tolerance": "2d"}', 'MH_VERIFY: %')) x (v, c);
select is(meshhook_engine.check_verify(v, null), w, v::text) from (values
  ('{"kind": "none", "handshake": "microsoft"}'::jsonb, '{"kind": "none", "handshake": "microsoft"}'::jsonb), ('{"kind": "basic"}', '{"kind": "basic"}'), ('{"kind": "bearer"}', '{"kind": "bearer"}'),
  ('{"kind": "api_key", "header": "X-Key"}', '{"kind": "api_key", "header": "x-key"}'),
  ('{"kind": "standard_webhooks", "header_prefix": "Svix-", "tolerance": "1m"}', '{"kind": "standard_webhooks", "header_prefix": "svix-", "tolerance": "1m", "tolerance_ms": 60000}'),
  ('{"kind": "standard_webhooks"}', '{"kind": "standard_webhooks", "header_prefix": "webhook-", "tolerance": "5m", "tolerance_ms": 300000}'),
  ('{"kind": "jwt", "jwks_url": "https://issuer.example/keys", "audience": "us"}', '{"kind": "jwt", "jwks_url": "https://issuer.example/keys", "audience": "us", "leeway": "30s", "leeway_ms": 30000}'),
  ('{"kind": "jwt", "jwks_url": "http://127.0.0.1:8080/keys", "leeway": "0s"}', '{"kind": "jwt", "jwks_url": "http://127.0.0.1:8080/keys", "leeway": "0s", "leeway_ms": 0}'),
  ('{"kind": "ed25519", "header": "a"}', '{"kind": "ed25519", "header": "a", "encoding": "hex", "prefix": "", "signed": "{body}"}'),
  ('{"kind": "ecdsa", "header": "a", "timestamp_field": "at"}', '{"kind": "ecdsa", "header": "a", "encoding": "hex", "prefix": "", "signed": "{body}", "algorithm": "sha256", "timestamp_field": "at", "tolerance": "5m", "tolerance_ms": 300000}'),
  ('{"kind": "github"}', '{"kind": "github"}'), ('{"kind": "stripe", "tolerance": "1h"}', '{"kind": "stripe", "tolerance": "1h", "tolerance_ms": 3600000}')) y (v, w);
select throws_like(format('select meshhook.create_endpoint(''door-test'', ''flow'', ''{"kind": "none"}'', %L)', o), 'MH_ENDPOINT_OPTION: %', o) from unnest(array[
  '{"methods": []}', '{"methods": ["TRACE"]}', '{"max_body": 16777217}', '{"what": 1}']) o;
select * from finish();
rollback;
