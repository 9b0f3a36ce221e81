-- What tests of back-pressure share beside flow.sql: claims by hand, groups of results, the moments that count.
create function pg_temp.claim(process int default 7) returns jsonb language sql as $$
  with c as (update meshhook_river.river_job set state = 'running', attempted_by = array[process::text] where state = 'available' returning id)
  select coalesce(jsonb_agg(i order by i ->> 'run', i ->> 'step'), '[]') from (select array_agg(id order by id) as ids from c) a, meshhook_engine.begin(process, a.ids) b, jsonb_array_elements(b.calls) i $$;
create function pg_temp.now() returns timestamptz language sql as $$ select current_setting('meshhook.fake_now')::timestamptz $$;
create function pg_temp.breaker(key text) returns meshhook.breakers language sql as $$ select b from meshhook.breakers b where b.key = breaker.key $$;
create function pg_temp.call(more jsonb, settings jsonb default '{"url": "http://target.test/"}') returns jsonb language sql as $$
  select jsonb_build_object('post', pg_temp.node('http_call', settings, '{"retry": {"max_attempts": 1}}'::jsonb || more)) $$;
create function pg_temp.proven() returns bigint language sql as $$ select count(*) from meshhook.runs r, meshhook.verify(r.id) $$;
