-- set_limit refuses what makes no sense, and says why.
begin;
select plan(16);
-- with: flow.sql

select throws_like(format('select meshhook.set_limit(%s)', a), 'MH_LIMIT: ' || why, a) from (values
  ('''proof'', null', 'there is no limit of kind null'), ('''proof'', ''x''', 'there is no limit of kind ''x'''), ('''proof'', ''calls'', ''https://a/b'', 1, ''1s''', '%is no host%'),
  ('''proof'', ''calls'', ''a b'', 1, ''1s''', '%is no host%'), ('''proof'', ''calls'', ''a'', 0, ''1s''', 'amount is 0%'), ('''proof'', ''calls'', ''a'', -5, ''1s''', 'amount is -5%'),
  ('''proof'', ''calls'', ''a'', 1000000001, ''1s''', 'amount is%'), ('''proof'', ''calls'', ''a'', 1', 'per is missing%'), ('''proof'', ''calls'', ''a'', 1, ''0s''', 'per is%'),
  ('''proof'', ''calls'', ''a'', 1, ''31 days''', 'per is%'), ('''proof'', ''calls'', ''a'', 1, ''1s'', 0', 'burst is 0%'), ('''proof'', ''calls'', ''a'', null, ''1s''', 'amount is missing%'),
  ('''proof'', ''calls'', ''a'', null, null, 3', 'amount is missing%')) x (a, why);
select throws_like($$select meshhook.set_limit('nowhere', 'calls', 'a', 1, '1s')$$, 'MH_PROJECT_UNKNOWN: %', 'no project');
select lives_ok($$select meshhook.set_limit('proof', 'calls', 'never-set')$$, 'taking away what is not there is no error');
select meshhook.set_limit('proof', 'calls', 'a', 1, '1s');
select is((select detail #> '{new,limits}' from meshhook.audit_trail where action = 'project.changed'), '{"calls": {"a": {"amount": 1, "per_ms": 1000, "burst": 1}}}', 'it is written down');
select * from finish();
rollback;
