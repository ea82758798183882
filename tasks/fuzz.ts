/**
 * `deno task fuzz`: bounded random runs against the real database, the real reader and the real webhook.
 *
 * @module
 */
import { complain, readFlags, runTask, say, UsageError } from "./command_line.ts";
import type { Kind } from "./fuzz/campaign.ts";
import { alerts } from "./fuzz/alerts.ts";
import { api } from "./fuzz/api.ts";
import { crash } from "./fuzz/crash.ts";
import { cuts } from "./fuzz/cuts.ts";
import { decoder } from "./fuzz/decoder.ts";
import { load } from "./fuzz/load.ts";
import { logs } from "./fuzz/logs.ts";
import { ALL_POSTED, payloads } from "./fuzz/payloads.ts";
import { permutations } from "./fuzz/permutations.ts";
import { reconcile } from "./fuzz/reconcile.ts";
import { runKinds } from "./fuzz/run.ts";
import { sweep } from "./fuzz/sweep.ts";
import { timing } from "./fuzz/timing.ts";
import { withTestServer } from "./test/server.ts";

/** Every kind of fuzzing, by the name that `--only` takes. */
export const KINDS: Readonly<Record<string, Kind>> = {
  permutations: permutations(),
  payloads: payloads(),
  requests: payloads(ALL_POSTED),
  logs: logs(),
  cuts: cuts(),
  decoder: decoder(),
  crash: crash(),
  sweep: sweep(),
  reconcile: reconcile(),
  alerts: alerts(),
  api: api(),
  timing: timing(),
  load: load(),
};

const USAGE = `Throws random things at Vaultbook and looks for what must not be.

  deno task fuzz [--seed N] [--minutes N] [--only KIND,...]

  --seed N     where the dice start (default drawn, and printed)
  --minutes N  how long in all, shared by the kinds; at least one round of each runs (default 4)
  --only KIND  permutations  random histories in random orders, with poison, repetitions, splits and merges, on an empty book each;
                             the books must be the same, and the auditor's
               payloads      random and mutated webhook bodies, through the reader, some through the webhook
               requests      such bodies, each of them through the webhook
               logs          random trees of invocations, whole and cut, through the reader
               cuts          the logs of such trees cut at every byte
               decoder       random and damaged events as bytes, straight into the decoder
               crash         kill -9 of PostgreSQL, and of the process that serves the webhook, amid deliveries
               sweep         days on which the webhook loses, the chain forks and nodes refuse and lie; two sweeps must mend all
               reconcile     such days with reconciliations amid them; nothing may be called wrong that is not
               alerts        honest histories of 100,000 events, delivered twice and out of order: each alert that the rules ask for is
                             there, counted right, and none else
               api           requests to every endpoint, as openapi.json has them and around it, by every kind of caller
               timing        what an owner can ask about another, with a clock: nobody may learn who is there. 100,000 times of each
                             question, of which Welch's t must stay below 4.5, take about two hours
               load          the whole platform under deliveries that are late, repeated or lost, jobs, readers and listeners; neither
                             memory nor waiting may grow. Rounds of a minute; it takes ten to speak of growth
  -h, --help   this text

Exit code 1 on a finding, with the command that repeats it. What goes in follows from the seed; when a kill hits does not.`;

/** Runs the command line on these kinds, and gives the exit code. */
export async function fuzz(
  args: string[],
  kinds: Readonly<Record<string, Kind>> = KINDS,
  tell: (line: string) => void = say,
): Promise<number> {
  const flags = readFlags(args, {
    seed: { type: "string" },
    minutes: { type: "string", default: "4" },
    only: { type: "string", default: Object.keys(kinds).join(",") },
    help: { type: "boolean", short: "h", default: false },
  });
  if (flags.help) {
    tell(USAGE);
    return 0;
  }
  const run = {
    kinds: chosen(kinds, flags.only),
    seed: seedOf(flags.seed),
    minutes: minutesOf(flags.minutes),
    say: tell,
  };
  tell(`seed ${run.seed}`);
  let found = 0;
  let interrupted: AbortSignal | undefined;
  try {
    await withTestServer({ onProgress: complain }, async (server) => {
      interrupted = server.interrupted;
      found = await runKinds(server, run);
    });
  } catch (error) {
    if (!interrupted?.aborted) throw error;
    complain("Interrupted");
    return found > 0 ? 1 : INTERRUPTED;
  }
  return found > 0 ? 1 : 0;
}

/** What a shell expects of a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

function chosen(kinds: Readonly<Record<string, Kind>>, only: string): Record<string, Kind> {
  return Object.fromEntries(
    only.split(",").map((name) => {
      const kind = kinds[name];
      if (!kind) throw new UsageError(`--only must name some of ${Object.keys(kinds).join(", ")}: '${name}'`);
      return [name, kind];
    }),
  );
}

function seedOf(text: string | undefined): number {
  if (text === undefined) return Math.floor(Math.random() * 2 ** 32);
  if (!/^[0-9]{1,10}$/.test(text)) throw new UsageError(`--seed must be a whole number: '${text}'`);
  return Number(text);
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (text === "" || !(minutes > 0) || minutes > 1e6) throw new UsageError(`--minutes must be more than 0: '${text}'`);
  return minutes;
}

if (import.meta.main) await runTask(fuzz);
