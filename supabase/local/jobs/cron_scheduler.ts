/**
 * The scheduler of the stand-in for pg_cron: it reads `cron.job`, runs what is due, and never runs a job beside itself.
 *
 * @module
 */
import type { Sql } from "postgres";
import { type Alarm, createAlarm } from "./alarm.ts";
import { CANCELED, runJob, type RunnableJob } from "./cron_run.ts";
import { countDueRuns, type Schedule } from "./cron_schedule.ts";
import { type Database, openDatabase } from "./database.ts";

/** As `cron.max_running_jobs`. */
const MAX_RUNNING_JOBS = 32;

/** The scheduler looks at its jobs at least so often. */
const POLL_MILLISECONDS = 1000;

/** A row of `cron.job`; `parsed` is null for a schedule that is not valid, which never runs. */
interface Job extends RunnableJob {
  readonly jobname: string | null;
  readonly active: boolean;
  readonly parsed: Schedule | null;
}

/** A job and where it stands. */
interface Task {
  job: Job;
  /** Runs that are due and have not started. */
  pending: number;
  /** When the last run started, or the job was first seen; milliseconds since the epoch. */
  startedAt: number;
  run: Run | undefined;
}

/** A run under way. */
interface Run {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** What a scheduler needs. */
export interface SchedulerOptions {
  readonly adminUrl: string;
  log(line: string): void;
  now(): Date;
}

/** What the scheduler works with. */
interface Scheduler {
  readonly database: Database;
  readonly options: SchedulerOptions;
  readonly alarm: Alarm;
  readonly tasks: Map<string, Task>;
  /** Every run under way, those of jobs that are no more included. */
  readonly runs: Set<Run>;
  /** Whether rows of runs may be there that nobody will end: at the start, and after the database was away. */
  hasLeftovers: boolean;
  /** The minute that was last looked at, since the epoch. */
  lastMinute: number;
  isClosed: boolean;
}

/**
 * Starts to run jobs. A job that is added, changed or removed counts within a second. While the database is away nothing
 * runs, and what was missed in the meantime is made up for as pg_cron does it.
 *
 * @throws when the database cannot be reached now.
 */
export async function openScheduler(options: SchedulerOptions): Promise<{ close(): Promise<void> }> {
  const alarm = createAlarm();
  const target = { url: options.adminUrl, max: 4, name: "pg_cron scheduler", channel: "cron_job" };
  const database = await openDatabase({ ...target, onSignal: alarm.ring });
  const scheduler: Scheduler = {
    database,
    options,
    alarm,
    tasks: new Map(),
    runs: new Set(),
    hasLeftovers: true,
    lastMinute: minuteOf(options.now()),
    isClosed: false,
  };
  try {
    await refresh(scheduler);
  } catch (error) {
    await database.close();
    throw error;
  }
  for (const task of scheduler.tasks.values()) {
    if (task.job.parsed && "at_start" in task.job.parsed) task.pending++;
  }
  const loop = schedule(scheduler);
  return {
    async close(): Promise<void> {
      scheduler.isClosed = true;
      alarm.ring();
      await loop;
      for (const run of scheduler.runs) run.stop.abort();
      await Promise.all([...scheduler.runs].map((run) => run.done));
      await database.close();
    },
  };
}

/** What an earlier scheduler left behind: runs that nobody ends, and jobs of a database since renamed or copied. */
async function takeOver(admin: Sql): Promise<void> {
  await admin`update cron.job_run_details set status = 'failed', return_message = 'server restarted'
               where status in ('starting', 'running')`;
  await admin`update cron.job set database = current_database()
               where not exists (select from pg_catalog.pg_database where datname = job.database)`;
}

/** The loop: look at the jobs, start what is due, sleep until something may be due or has changed. */
async function schedule(scheduler: Scheduler): Promise<void> {
  const { options, alarm } = scheduler;
  let isAway = false;
  while (!scheduler.isClosed) {
    try {
      await refresh(scheduler);
      countPending(scheduler, options.now());
      startPending(scheduler);
      isAway = false;
    } catch (error) {
      if (!isAway) options.log(`cron: cannot read the jobs: ${error instanceof Error ? error.message : error}`);
      isAway = scheduler.hasLeftovers = true;
    }
    await alarm.wait(isAway ? POLL_MILLISECONDS : millisecondsToNextEvent(scheduler));
  }
}

/** Makes the tasks match the rows of `cron.job`. The run of a job that was removed or switched off is canceled. */
async function refresh(scheduler: Scheduler): Promise<void> {
  if (scheduler.hasLeftovers && scheduler.runs.size === 0) {
    await scheduler.database.run(takeOver);
    scheduler.hasLeftovers = false;
  }
  const rows = await scheduler.database.run(readJobs);
  const jobs = new Map(rows.map((job) => [job.jobid, job]));
  for (const [jobid, task] of scheduler.tasks) {
    const job = jobs.get(jobid);
    if (!job?.active) task.run?.stop.abort(CANCELED);
    if (!job) scheduler.tasks.delete(jobid);
  }
  for (const job of rows) {
    const task = scheduler.tasks.get(job.jobid);
    if (task) task.job = job;
    else {
      const startedAt = scheduler.options.now().getTime();
      scheduler.tasks.set(job.jobid, { job, pending: 0, startedAt, run: undefined });
    }
  }
}

async function readJobs(admin: Sql): Promise<Job[]> {
  return await admin`
    select jobid, command, database, username, jobname, active, cron._parse_schedule(schedule) as parsed from cron.job`;
}

/** Counts the runs that have become due. A job at intervals waits for one run at most, others for every minute they missed. */
function countPending(scheduler: Scheduler, now: Date): void {
  const current = minuteOf(now);
  for (const task of scheduler.tasks.values()) {
    const { active, parsed } = task.job;
    if (!active || !parsed) task.pending = 0;
    else if ("every_seconds" in parsed) {
      if (task.pending === 0 && dueAt(task, parsed.every_seconds) <= now.getTime()) task.pending = 1;
    } else if (!("at_start" in parsed)) task.pending += countDueRuns(parsed, scheduler.lastMinute, current);
  }
  scheduler.lastMinute = current;
}

/** Starts every task that has a run to do and does none now. */
function startPending(scheduler: Scheduler): void {
  for (const task of scheduler.tasks.values()) {
    if (task.run || task.pending === 0 || scheduler.runs.size >= MAX_RUNNING_JOBS) continue;
    task.pending--;
    task.startedAt = scheduler.options.now().getTime();
    const stop = new AbortController();
    const run = { stop, done: doOnce(scheduler, task.job, stop.signal) };
    task.run = run;
    scheduler.runs.add(run);
    run.done.finally(() => {
      task.run = undefined;
      scheduler.runs.delete(run);
      scheduler.alarm.ring();
    });
  }
}

/** Runs a job; never throws. */
async function doOnce(scheduler: Scheduler, job: Job, signal: AbortSignal): Promise<void> {
  const { database, options: { adminUrl, log } } = scheduler;
  const name = job.jobname ?? job.jobid;
  try {
    const failure = await runJob({ database, adminUrl, job, signal });
    if (failure !== undefined) log(`cron: job ${name} failed: ${failure.trimEnd()}`);
  } catch (error) {
    scheduler.hasLeftovers = true;
    log(`cron: job ${name} was cut short: ${error instanceof Error ? error.message : error}`);
  }
}

/** How long the scheduler may sleep: until the next minute or interval, and never longer than a second. */
function millisecondsToNextEvent({ tasks, options }: Scheduler): number {
  const now = options.now().getTime();
  let next = Math.min(now + POLL_MILLISECONDS, (minuteOf(new Date(now)) + 1) * 60_000);
  for (const { job, pending, startedAt } of tasks.values()) {
    if (job.active && pending === 0 && job.parsed && "every_seconds" in job.parsed) {
      next = Math.min(next, startedAt + job.parsed.every_seconds * 1000);
    }
  }
  return Math.max(next - now, 0);
}

function dueAt(task: Task, seconds: number): number {
  return task.startedAt + seconds * 1000;
}

function minuteOf(time: Date): number {
  return Math.floor(time.getTime() / 60_000);
}
