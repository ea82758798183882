/**
 * The panel of jobs: what runs by itself, how it last went, and how far behind the chain the book is.
 *
 * @module
 */
import { byId, element, tell } from "./dom.js";
import { every, messageOf, rows } from "./reading.js";
import { openTable } from "./tables.js";
import { ago, exact } from "./time.js";

/** @typedef {{ name: string, schedule: string, enabled: boolean, problem: string | null, last_run_at: string | null, last_status: string | null, last_code: string | null, last_done_at: string | null }} Job */
/** @typedef {{ job: string, status: string, code: string | null, started_at: string }} Run */
/** @typedef {{ last_received_at: string | null, lag_slots: number | null }} Lag */

const EVERY_MS = 10_000;
/** Runs of a job in its strip. */
const STRIP = 20;

/**
 * @param {import("./reading.js").Client} client
 * @returns {() => void} reads it at once.
 */
export function openJobs(client) {
  const table = openTable(byId("jobs-table"), "Jobs", [
    { name: "Job" },
    { name: "Last run" },
    { name: "Latest runs" },
    { name: "Last done" },
    { name: "Schedule (UTC)" },
  ]);
  tell("jobs-state", "loading");
  const again = every(EVERY_MS, async () => {
    try {
      const [jobs, runs, [lag]] = await Promise.all([
        rows(client.from("job_states").select("*").order("name")),
        rows(
          client
            .from("job_runs")
            .select("job, status, code, started_at")
            .order("started_at", { ascending: false })
            .limit(300),
        ),
        rows(client.from("ingest_lag").select("last_received_at, lag_slots")),
      ]);
      const items = /** @type {Job[]} */ (jobs).map((job) => ({
        job,
        runs: /** @type {Run[]} */ (runs)
          .filter((run) => run.job === job.name)
          .slice(0, STRIP)
          .reverse(),
      }));
      table.show(items, ({ job }) => job.name, cellsOf);
      byId("lag").replaceChildren(...lagWords(/** @type {Lag | undefined} */ (lag)));
      tell("jobs-state", jobs.length === 0 ? { empty: "Nothing is scheduled." } : null);
    } catch (error) {
      tell("jobs-state", { problem: messageOf(error), retry: () => again() });
    }
  });
  return again;
}

/** @param {Lag | undefined} lag */
function lagWords(lag) {
  const received = lag?.last_received_at ?? null;
  const slots = lag?.lag_slots ?? null;
  return [
    ...(received === null ? ["Nothing received yet"] : ["Last received: ", ago(received)]),
    ...(slots === null ? [] : [` · sweep ${slots} slots behind`]),
  ];
}

/** @param {{ job: Job, runs: Run[] }} item */
function cellsOf({ job, runs }) {
  const status = job.problem ? "failed" : !job.enabled ? "off" : (job.last_status ?? "not yet");
  const told = runs.map((run) => `${exact(run.started_at)}: ${run.status}${run.code ? ` (${run.code})` : ""}`);
  const bad = runs.filter((run) => run.status === "failed").length;
  return [
    element("strong", {}, [job.name.replaceAll("_", " ")]),
    element("span", { class: "together" }, [
      element("span", { class: `status ${status.replace(" ", "-")}` }, [status]),
      job.last_run_at && ago(job.last_run_at),
      (job.problem ?? job.last_code) && element("span", { class: "note" }, [job.problem ?? job.last_code ?? ""]),
    ]),
    element(
      "span",
      { class: "strip", role: "img", "aria-label": `${runs.length} runs, ${bad} failed` },
      runs.map((run, i) => element("i", { class: run.status, title: told[i] })),
    ),
    ago(job.last_done_at),
    element("code", {}, [job.schedule]),
  ];
}
