-- Objects are read in one order, by key in code point order, whatever the locale and jsonb's own storage order.
begin;
select plan(9);
select is(meshhook.jmespath('keys(@)', '{"bb": 1, "a": 2, "B": 3, "é": 4, "aaa": 5}'), '["B", "a", "aaa", "bb", "é"]', 'keys');
select is(meshhook.jmespath('values(@)', '{"bb": 1, "a": 2, "B": 3, "é": 4, "aaa": 5}'), '[3, 2, 5, 1, 4]', 'values');
select is(meshhook.jmespath('*', '{"bb": 1, "a": 2, "B": 3, "é": 4, "aaa": 5}'), '[3, 2, 5, 1, 4]', 'the wildcard');
select is(meshhook.jmespath('items(@)[*][0]', '{"bb": 1, "a": 2, "B": 3}'), '["B", "a", "bb"]', 'items');
select is(meshhook.jmespath('sort(@)', '["b", "a", "B", "é", "z"]'), '["B", "a", "b", "z", "é"]', 'strings sort by code point');
select is(meshhook.jmespath('sort_by(@, &k)[*].n', '[{"k": 2, "n": "a"}, {"k": 1, "n": "b"}, {"k": 2, "n": "c"}, {"k": 1, "n": "d"}]'), '["b", "d", "a", "c"]', 'sorting is stable');
select is(meshhook.jmespath('[max_by(@, &k).n, min_by(@, &k).n]', '[{"k": 2, "n": "a"}, {"k": 1, "n": "b"}, {"k": 2, "n": "c"}, {"k": 1, "n": "d"}]'), '["a", "b"]', 'of equals the first');
select is(meshhook.jmespath('{a: x, a: y}', '{"x": 1, "y": 2}'), '{"a": 2}', 'of two equal names the last');
select is(meshhook.jmespath('from_items(@)', '[["a", 1], ["a", 2]]'), '{"a": 2}', 'in from_items too');
select * from finish();
rollback;
