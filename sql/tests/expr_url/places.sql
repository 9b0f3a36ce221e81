-- In a url a value cannot leave the place it stands in.
begin;
create function pg_temp.url(template text, context jsonb) returns text language plpgsql as $$
begin
  return meshhook_expr.render(meshhook_expr.parse_template(to_jsonb(template), true, true), context) #>> '{}';
exception when sqlstate 'MH422' then
  return substring(sqlerrm from '^\w+');
end $$;
select plan(25);
select is(pg_temp.url('https://h.example/o/{{ a }}', '{"a": 17}'), 'https://h.example/o/17', 'a number in a path');
select is(pg_temp.url('https://h.example/o/{{ a }}', '{"a": "x/../../admin?b=c#d"}'), 'https://h.example/o/x%2F..%2F..%2Fadmin%3Fb%3Dc%23d', 'a path segment stays one');
select is(pg_temp.url('https://h.example/o/{{ a }}/p', '{"a": "é @:%"}'), 'https://h.example/o/%C3%A9%20%40%3A%25/p', 'bytes of UTF-8');
select is(pg_temp.url('https://h.example/o/{{ a }}', '{"a": "\r\nX: y"}'), 'https://h.example/o/%0D%0AX%3A%20y', 'no line can be broken');
select is(pg_temp.url('https://h.example/o/{{ a }}', '{"a": ".."}'), 'MH_TEMPLATE_URL', 'no climbing');
select is(pg_temp.url('https://h.example/o/{{ a }}{{ b }}/p', '{"a": ".", "b": "."}'), 'MH_TEMPLATE_URL', 'not in two steps');
select is(pg_temp.url('https://h.example/o/%2e{{ a }}', '{"a": "."}'), 'MH_TEMPLATE_URL', 'not encoded');
select is(pg_temp.url('https://h.example/o/{{ a }}', '{"a": "..."}'), 'https://h.example/o/...', 'three dots are a name');
select is(pg_temp.url('https://h.example/?q={{ a }}&r={{ b }}', '{"a": "x&y=z", "b": "a b+c"}'), 'https://h.example/?q=x%26y%3Dz&r=a%20b%2Bc', 'a query value stays one');
select is(pg_temp.url('https://h.example/?q={{ a }}', '{"a": {"b": 1}}'), 'https://h.example/?q=%7B%22b%22%3A1%7D', 'objects as compact JSON');
select is(pg_temp.url('https://h.example/?u=http://{{ a }}', '{"a": "x/y"}'), 'https://h.example/?u=http://x%2Fy', 'a // in the query is no host');
select is(pg_temp.url('https://h.example/#{{ a }}', '{"a": "x y"}'), 'https://h.example/#x%20y', 'a fragment');
select is(pg_temp.url('https://{{ a }}.example/x', '{"a": "eu-1.api"}'), 'https://eu-1.api.example/x', 'a host name');
select is(pg_temp.url('https://{{ a }}.example/x', '{"a": "evil.test/"}'), 'MH_TEMPLATE_URL', 'no slash in a host');
select is(pg_temp.url('https://{{ a }}.example/x', '{"a": "user@evil.test"}'), 'MH_TEMPLATE_URL', 'no @ in a host');
select is(pg_temp.url('https://{{ a }}.example/x', '{"a": "evil.test:80"}'), 'MH_TEMPLATE_URL', 'no port in a host');
select is(pg_temp.url('https://{{ a }}.example/x', '{"a": ""}'), 'MH_TEMPLATE_URL', 'not empty');
select is(pg_temp.url('https://h.example:{{ a }}/x', '{"a": 8443}'), 'https://h.example:8443/x', 'a port');
select is(pg_temp.url('{{ a }}/orders/{{ b }}', '{"a": "https://h.example/api?x=", "b": "1/2"}'), 'https://h.example/api?x=/orders/1%2F2', 'the beginning is put in as it is');
select is(pg_temp.url('{{ a }}', '{"a": "https://h.example/x?y=z"}'), 'https://h.example/x?y=z', 'a whole url too');
select is(pg_temp.url('{{ a }}/x', '{"a": "https://h.example/\r\nX: y"}'), 'MH_TEMPLATE_URL', 'but on one line');
select is(pg_temp.url('{{ a }}{{ b }}', '{"a": "https://h.example", "b": ".evil.test"}'), 'MH_TEMPLATE_URL', 'nothing can lengthen its host');
select is(pg_temp.url('{{ a }}', '{}'), 'MH_TEMPLATE_NULL', 'null is no url');
select is(pg_temp.url('https://h.example/o/{{ a }}', '{}'), 'MH_TEMPLATE_NULL', 'nor a part of one');
select is(pg_temp.url('https://h.example/o', '{}'), 'https://h.example/o', 'no template, no change');
select * from finish();
rollback;
