-- Notices: who sees and changes targets, and nobody the outbox.
begin;
set local role postgres;
select plan(6);
insert into public.notice_targets (name, kind) values ('desk', 'generic');
select ok(not has_table_privilege('anon', 'public.notice_targets', 'select'), 'Nobody who is not signed in sees targets');
select ok(not has_table_privilege('authenticated', 'vaultbook.notices', 'select'), 'Nobody who is signed in sees the outbox');
set local role authenticated;
select set_config('request.jwt.claims', '{"wallet_address": "somebody"}', true) is null;
select is_empty('select name from public.notice_targets', 'An owner sees no target');
update public.notice_targets set min_severity = 'critical';
reset role;
select is((select t.min_severity from public.notice_targets as t), 'warning', 'and changes none');
set local role authenticated;
select set_config('request.jwt.claims', '{"app_metadata": {"role": "ops"}}', true) is null;
select results_eq($$update public.notice_targets set min_severity = 'info' returning name$$, $$values ('desk' collate "C")$$,
                  'An operator changes what a target is told');
select throws_ok($$update public.notice_targets set kind = 'slack'$$, '42501', null, 'And not what it is');
select * from finish();
rollback;
