-- Snapshot rules: how often snapshots are taken, and what is worth one between two ticks.

create table public.snapshot_rules (
  series varchar(20) not null,
  every interval not null,
  threshold bigint,
  constraint snapshot_rules_pkey primary key (series),
  constraint snapshot_rules_series_is_known check (series in ('periodic', 'daily_summary', 'tvl', 'event')),
  constraint snapshot_rules_ticks_divide_the_day check (
    series = 'event' or (every >= interval '1 minute' and extract(epoch from interval '1 day') % extract(epoch from every) = 0)
  ),
  constraint snapshot_rules_pause_is_not_negative check (every >= interval '0'),
  constraint snapshot_rules_threshold_is_for_events check ((series = 'event') = (threshold is not null)),
  constraint snapshot_rules_threshold_is_not_negative check (threshold >= 0)
);
comment on table public.snapshot_rules is 'How often snapshots are taken, and from what change on one is written at once. Edited in Studio, effective at once.';
comment on column public.snapshot_rules.series is
  'periodic, daily_summary: snapshots of every vault; tvl: of their sum; event: of a vault that just changed';
comment on column public.snapshot_rules.every is
  'Length of a tick, which has to divide the day; ticks begin at midnight UTC. For event: the least time between two of one vault';
comment on column public.snapshot_rules.threshold is
  'For event: the least change of the total or of the locked balance since the vault''s last snapshot, in base units; else NULL';
alter table public.snapshot_rules enable row level security;
revoke all on public.snapshot_rules from public, anon, authenticated, service_role;

insert into public.snapshot_rules (series, every, threshold) values
  ('periodic', '5 minutes', null),
  ('daily_summary', '1 day', null),
  ('tvl', '5 minutes', null),
  ('event', '1 minute', 100 * 1000000);
