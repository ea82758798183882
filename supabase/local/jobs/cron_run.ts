/**
 * One run of a job: its command, in a session of the job's role, with a row of `cron.job_run_details` about it.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";
import type { Database } from "./database.ts";
import { describeDatabaseError } from "./error_text.ts";
import { createResultTap, type ResultTap } from "./result_tap.ts";

/** What a run needs of a job. */
export interface RunnableJob {
  readonly jobid: string;
  readonly command: string;
  readonly database: string;
  readonly username: string;
}

/** How a run ended. */
interface Outcome {
  readonly status: "succeeded" | "failed";
  readonly message: string;
  readonly hasEndTime?: boolean;
}

/** Why a run is ended before its command is. */
export const CANCELED = "job canceled";

/**
 * Runs a job's command once and records the run. Never throws for what the command does: that is the run's outcome.
 *
 * The command is sent as it is, as one simple query: several statements are one transaction, and `vacuum` may stand alone.
 *
 * @param options.database sessions of a superuser in the database that holds `cron.job_run_details`.
 * @param options.adminUrl the superuser's connection string; sessions for jobs are opened with it and leave its rights.
 * @param options.signal ends the session. With `CANCELED` as its reason the run counts as failed, otherwise its row is left
 *   running, as a server that stops leaves it.
 * @returns the error text of a failed run; undefined when it succeeded.
 * @throws when the run cannot be recorded, because the database is away.
 */
export async function runJob(
  options: { database: Database; adminUrl: string; job: RunnableJob; signal: AbortSignal },
): Promise<string | undefined> {
  const { database, adminUrl, job, signal } = options;
  const { runId, settings } = await database.run((admin) => begin(admin, job));
  const record = async (outcome: Outcome): Promise<string | undefined> => {
    await database.run((admin) => finish(admin, runId, outcome));
    return outcome.status === "failed" ? outcome.message : undefined;
  };
  const tap = createResultTap();
  const session = openSession(adminUrl, job, settings, tap);
  let end = (): void => {};
  try {
    const pid = await becomeRole(session, tap, job);
    if (pid === undefined) return await record({ status: "failed", message: "connection failed" });
    end = (): void => void database.run((admin) => admin`select pg_terminate_backend(${pid})`).catch(() => {});
    await database.run((admin) =>
      admin`
      update cron.job_run_details set status = 'running', job_pid = ${pid}, start_time = clock_timestamp()
       where runid = ${runId}`
    );
    signal.addEventListener("abort", end);
    const outcome = signal.aborted ? undefined : await execute(session, tap, job.command);
    if (outcome && !signal.aborted) return await record(outcome);
    return signal.reason === CANCELED ? await record({ status: "failed", message: CANCELED }) : undefined;
  } finally {
    signal.removeEventListener("abort", end);
    await session.end({ timeout: 0 });
  }
}

/** Records that a run begins; gives its id, and the settings that the job's role has of its own in the job's database. */
async function begin(admin: Sql, job: RunnableJob): Promise<{ runId: string; settings: Record<string, string> }> {
  const [run] = await admin`
    insert into cron.job_run_details (jobid, database, username, command, status)
    values (${job.jobid}, ${job.database}, ${job.username}, ${job.command}, 'starting')
    returning runid`;
  const settings = await admin`
    select split_part(setting, '=', 1) as name, substr(setting, strpos(setting, '=') + 1) as value
      from pg_catalog.pg_db_role_setting as role_setting
      join pg_catalog.pg_roles as role on role.oid = role_setting.setrole
      left join pg_catalog.pg_database as db on db.oid = role_setting.setdatabase
     cross join unnest(role_setting.setconfig) as setting
     where role.rolname = ${job.username} and coalesce(db.datname, ${job.database}) = ${job.database}
     order by role_setting.setdatabase`;
  const entries = settings.map(({ name, value }) => [String(name), String(value)]);
  return { runId: String(run?.runid), settings: Object.fromEntries(entries) };
}

/** Records how a run ended. As in pg_cron only what came to run has a time of its end. */
async function finish(admin: Sql, runId: string, { status, message, hasEndTime = false }: Outcome): Promise<void> {
  await admin`
    update cron.job_run_details
       set status = ${status}, return_message = ${message}, end_time = case when ${hasEndTime} then clock_timestamp() end
     where runid = ${runId}`;
}

/**
 * A session that was never anything but the job's role: the role stands in the startup message, so that it holds from the
 * first statement on and would hold again if the connection were made anew.
 */
function openSession(adminUrl: string, job: RunnableJob, settings: Record<string, string>, tap: ResultTap): Sql {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(job.database)}`;
  const connection = { ...settings, application_name: "pg_cron", role: job.username };
  const options = { max: 1, idle_timeout: 0, fetch_types: false, onnotice: () => {}, connection, socket: tap.open };
  return postgres(url.href, options);
}

/** Makes the role the session's own, as if it had logged in; gives the session's process id, or undefined if it may not. */
async function becomeRole(session: Sql, tap: ResultTap, job: RunnableJob): Promise<number | undefined> {
  try {
    const [role] = await tap.whileConnected(session`
      select pg_backend_pid() as pid, rolcanlogin as can_log_in from pg_catalog.pg_roles where rolname = ${job.username}`);
    if (!role?.can_log_in) return undefined;
    const become = `set session authorization "${job.username.replaceAll('"', '""')}"`;
    await tap.whileConnected(session.unsafe(become).simple());
    return Number(role.pid);
  } catch {
    return undefined;
  }
}

/** Sends the command and words how its last statement ended as libpq and pg_cron do. */
async function execute(session: Sql, tap: ResultTap, command: string): Promise<Outcome> {
  try {
    tap.reset();
    const result = await tap.whileConnected(session.unsafe(command).simple());
    // The driver gives a stream for the other side of a COPY.
    if (!Array.isArray(result)) return { status: "failed", message: "COPY not supported", hasEndTime: true };
    const message = tap.lastResult() ?? result.command ?? `${result.length} rows`;
    return { status: "succeeded", message, hasEndTime: true };
  } catch (error) {
    return { status: "failed", message: describeDatabaseError(error, command), hasEndTime: true };
  }
}
