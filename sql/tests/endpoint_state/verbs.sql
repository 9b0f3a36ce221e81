-- Pausing, resuming, and another token.
begin;
select plan(9);
select lives_ok($$select meshhook.create_project('state-test'), meshhook.save_draft('state-test', 'flow', '{}')$$);
create temp table made as select * from meshhook.create_endpoint('state-test', 'flow');
select lives_ok($$select meshhook.pause_endpoint(id) from made$$);
select is((select e.state from meshhook.endpoint_list e join made using (id)), 'paused', 'paused');
select lives_ok($$select meshhook.resume_endpoint(id) from made$$);
select is((select e.state from meshhook.endpoint_list e join made using (id)), 'active', 'active');
update meshhook.endpoints e set state = 'disabled' from made where e.id = made.id;
select lives_ok($$select meshhook.resume_endpoint(id), meshhook.pause_endpoint(id) from made$$);
select is((select e.state from meshhook.endpoint_list e join made using (id)), 'disabled', 'disabled stays');
select isnt((select r.token from made, meshhook.rotate_endpoint_token(made.id) r), (select token from made), 'another token');
select throws_like($$select meshhook.pause_endpoint(gen_random_uuid())$$, 'MH_ENDPOINT_UNKNOWN: %', 'an endpoint there is not');
select * from finish();
rollback;
