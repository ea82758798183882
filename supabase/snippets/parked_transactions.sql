-- Parked transactions: what waits for something, and for how long. Nothing is to be done while the sweep runs.
select code, count(*) as transactions, min(first_seen_at) as oldest, now() - min(first_seen_at) as waits_for, min(reason) as example,
       min(signature) as example_signature
  from public.parked_transactions
 group by code
 order by oldest;
