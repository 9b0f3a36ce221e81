-- Multipart forms: fields as text, files as what is to know about them; what is none is refused with the part that is wrong.
begin;
select plan(21);
create function pg_temp.parse(body text, boundary text default 'B') returns jsonb language sql as $$
  select meshhook_engine.try_body('multipart/form-data; boundary=' || boundary, convert_to(replace(body, E'\n', E'\r\n'), 'UTF8')) $$;
create function pg_temp.part(head text, content text) returns text language sql as $$ select E'--B\nContent-Disposition: form-data; ' || head || E'\n\n' || content || E'\n' $$;
select is(pg_temp.parse(pg_temp.part('name="a"', '1') || pg_temp.part('name="b"', E'two\nlines') || '--B--'), '{"body": {"a": "1", "b": "two\r\nlines"}}', 'fields');
select is(pg_temp.parse(pg_temp.part('name="a"', '1') || pg_temp.part('name="a"', '2') || pg_temp.part('name="a"', '3') || '--B--'), '{"body": {"a": ["1", "2", "3"]}}', 'a name that comes again');
select is(pg_temp.parse(pg_temp.part(E'name="f"; filename="x \\"y\\".txt"\nContent-Type: text/plain', 'hello') || '--B--') #> '{body,f}',
  jsonb_build_object('filename', 'x "y".txt', 'content_type', 'text/plain', 'bytes', 5, 'sha256', encode(sha256('hello'), 'hex')), 'a file');
select is(pg_temp.parse(pg_temp.part('name="e"', '') || '--B--'), '{"body": {"e": ""}}', 'an empty field');
select is(pg_temp.parse(E'--B\nContent-Type: text/plain\ncontent-disposition:form-data;name="x"\n\n1\n--B--'), '{"body": {"x": "1"}}', 'headers in any order and case');
select is(pg_temp.parse(E'preamble\n' || pg_temp.part('name="a"', '1') || E'--B--\nepilogue'), '{"body": {"a": "1"}}', 'what stands around it is no part');
select is(pg_temp.parse('--B--'), '{"body": {}}', 'no part at all');
select is(pg_temp.parse(pg_temp.part('name="a"', '--B in the middle') || '--B--'), '{"body": {"a": "--B in the middle"}}', 'the boundary counts at the beginning of a line');
select is(pg_temp.parse(replace(pg_temp.part('name="a"', '1') || '--B--', '--B', '--a b:c'), '"a b:c"'), '{"body": {"a": "1"}}', 'a boundary in quotes');
select is(pg_temp.parse(pg_temp.part('name="ü"', '😀') || '--B--'), '{"body": {"ü": "😀"}}', 'beyond ASCII');
select is((meshhook_engine.try_body('multipart/form-data; boundary=B', convert_to(E'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n', 'UTF8') || '\x00ff0d0a00' || convert_to(E'\r\n--B--', 'UTF8')) #>> '{body,f,bytes}')::int, 5, 'bytes of any kind in a file');
select is(pg_temp.parse(body) #>> '{error,code}', code, body) from (values
  ('', null), ('nothing', 'MH_BODY_MULTIPART'), (pg_temp.part('name="a"', '1'), 'MH_BODY_MULTIPART'), (pg_temp.part('name=a', '1') || '--B--', 'MH_BODY_MULTIPART'),
  (E'--B\nContent-Disposition: form-data; name="a"\n1\n--B--', 'MH_BODY_MULTIPART'), (E'--Bx\n\n\n--B--', 'MH_BODY_MULTIPART'), ('--B', 'MH_BODY_MULTIPART')) x (body, code);
select is(meshhook_engine.try_body('multipart/form-data', 'x') #>> '{error,code}', 'MH_BODY_MULTIPART', 'no boundary');
select is(meshhook_engine.try_body('multipart/form-data; boundary=B', convert_to(E'--B\r\nContent-Disposition: form-data; name="f"\r\n\r\n', 'UTF8') || '\xff' || convert_to(E'\r\n--B--', 'UTF8')) #>> '{error,code}', 'MH_BODY_ENCODING', 'a field that is no UTF-8');
select is(pg_temp.parse((select string_agg(pg_temp.part(format('name="a%s"', n), '1'), '') from generate_series(1, 1001) n) || '--B--') #>> '{error,code}', 'MH_BODY_MULTIPART', 'too many parts');
select * from finish();
rollback;
