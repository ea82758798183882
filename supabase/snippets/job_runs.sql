-- Job runs of the last day: how often each ended how, how long it took, and what stopped it last.
select s.name as job, s.schedule, s.problem, r.status, count(*) as runs,
       round(extract(epoch from avg(r.finished_at - r.started_at)), 1) as seconds_on_average,
       round(extract(epoch from max(r.finished_at - r.started_at)), 1) as seconds_at_most, max(r.started_at) as last_started_at,
       (array_agg(r.code order by r.started_at desc) filter (where r.code is not null))[1] as last_code
  from public.job_states as s
  left join public.job_runs as r on r.job = s.name and r.started_at > now() - interval '1 day'
 group by s.name, s.schedule, s.problem, r.status
 order by s.name, r.status;
