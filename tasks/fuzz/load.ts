/**
 * A soak: the whole platform under everything at once, for as long as one likes. Deliveries come late, twice or not at all, jobs run,
 * traders read and listen; and neither memory nor waiting may grow, and every invariant holds.
 *
 * @module
 */
import { startDemo } from "@/supabase/local/demo/demo.ts";
import { DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";
import { generator } from "@/tests/support/seeded.ts";
import { say } from "../command_line.ts";
import { type TestServer, unusedPort } from "../test/server.ts";
import { type Campaign, type Counts, type Kind, refuse } from "./campaign.ts";
import { openReaders, type Readers } from "./load_readers.ts";
import { type Memory, memoryOf } from "./memory.ts";
import { openPostOffice, type PostOffice } from "./post_office.ts";
import { growth, type Tolerance, TREND_MIN } from "./trend.ts";

/** What a round is made of. */
export interface Load {
  /** How long it lasts. */
  readonly seconds: number;
  /** Transactions of the chain a second, each a delivery. */
  readonly rate: number;
  readonly owners: number;
  /** Hears of each round what it measured. */
  readonly tell: (line: string) => void;
}

const FULL: Load = { seconds: 60, rate: 20, owners: 40, tell: say };

/** A round begins so many of each kind of question a second. */
const READS_PER_SECOND = 4;
/** Each job is called so often, one after the other. Milliseconds. */
const JOB_EVERY_MS = 3_000;
const JOBS: readonly (readonly [name: string, body: unknown])[] = [
  ["sweep", {}],
  ["snapshot", { type: "periodic" }],
  ["tvl", {}],
  ["reconcile", {}],
  ["monitor", {}],
];
const CRON_SECRET = "the soak's cron secret";

/** Rounds that do not count for a trend: connections open, plans and code are cached. */
const WARM_UP = 3;
const TOLERATED: Readonly<Record<keyof Sample, Tolerance>> = {
  deno: { factor: 1.3, least: 50 },
  postgres: { factor: 1.3, least: 50 },
  delivery: { factor: 2, least: 50 },
  read: { factor: 2, least: 50 },
};

/** A round: memory at its end in MB, and the p99 of deliveries and of reads in ms. */
interface Sample extends Memory {
  readonly delivery: number;
  readonly read: number;
}

/** Load of this shape. */
export function load(shape: Partial<Load> = {}): Kind {
  return {
    mustHappen: ["delivered", "repeated", "lost", "messages heard", ...JOBS.map(([job]) => `× ${job}`)],
    open: (server) => open(server, { ...FULL, ...shape }),
  };
}

interface Stage {
  readonly server: TestServer;
  readonly platform: TestPlatform;
  readonly office: PostOffice;
  readonly readers: Readers;
  readonly postmaster: number;
  /** Waits of deliveries since the round began, in ms. */
  readonly waits: number[];
  readonly shape: Load;
}

async function open(server: TestServer, shape: Load): Promise<Campaign> {
  await using opened = new AsyncDisposableStack();
  const rpcPort = unusedPort();
  const platform = await openTestPlatform({
    server: server.adminUrl,
    environment: {
      ...{ VAULT_PROGRAM_ID: DEMO_PROGRAM, USDT_MINT, CRON_SECRET, SOLANA_RPC_URL: `http://127.0.0.1:${rpcPort}` },
    },
  });
  opened.defer(() => platform.close());
  const waits: number[] = [];
  const office = openPostOffice(async (body) => {
    const begun = performance.now();
    const url = `${platform.url}/functions/v1/api/webhooks/helius`;
    const response = await fetch(url, { method: "POST", headers: { authorization: platform.webhookSecret }, body });
    await response.body?.cancel();
    waits.push(performance.now() - begun);
    return response.status;
  }, generator(1));
  const folder = await Deno.makeTempDir({ dir: server.folder });
  const demo = await startDemo({
    ...{ folder, seed: "load", programId: DEMO_PROGRAM, mint: USDT_MINT, host: "127.0.0.1", rpcPort },
    ...{
      webhookUrl: office.url,
      webhookSecret: platform.webhookSecret,
      ratePerSecond: shape.rate,
      owners: shape.owners,
    },
  });
  // First the chain, then what it has sent.
  opened.defer(() => office.close());
  opened.defer(() => demo.close());
  const readers = await openReaders(platform, demo.owners.map(({ address }) => address));
  opened.defer(() => readers.close());
  const stage = { server, platform, office, readers, postmaster: await postmasterOf(platform), waits, shape };
  const samples: Sample[] = [];
  const running = opened.move();
  return {
    async round(seed): Promise<Counts> {
      const { counts, sample } = await round(stage, seed);
      samples.push(sample);
      refuse("The book is not sound", await brokenInvariants(platform.database.admin));
      refuse("It grows", grown(samples.slice(WARM_UP)));
      const [deno, postgres, delivery, read] = [sample.deno, sample.postgres, sample.delivery, sample.read].map(
        Math.round,
      );
      shape.tell(
        `  Deno ${deno} MB, PostgreSQL ${postgres} MB, p99 of deliveries ${delivery} ms, of reads ${read} ms` +
          (samples.length < WARM_UP + TREND_MIN ? "; too early to speak of a trend" : ""),
      );
      return counts;
    },
    close: () => running.disposeAsync(),
  };
}

/** What grows, a line each. */
function grown(samples: readonly Sample[]): string[] {
  return Object.entries(TOLERATED).flatMap(([name, tolerance]) => {
    const found = growth(samples.map((sample) => sample[name as keyof Sample]), tolerance);
    return found
      ? [`${name}: from ${found.from.toFixed(0)} to ${found.to.toFixed(0)} in ${samples.length} rounds`]
      : [];
  });
}

async function round(stage: Stage, seed: number): Promise<{ counts: Counts; sample: Sample }> {
  const { server, platform, office, readers, postmaster, waits, shape } = stage;
  const random = generator(seed);
  const counts: Record<string, number> = {};
  const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
  waits.length = 0;
  const reads: number[] = [];
  const end = performance.now() + shape.seconds * 1000;
  let failed = false;
  const goesOn = (): boolean => performance.now() < end && !failed && !server.interrupted.aborted;
  const underWay = new Set<Promise<void>>();
  const asking = Object.entries(readers.questions).map(async ([name, ask]) => {
    while (goesOn()) {
      const begun = performance.now();
      const work = ask(Math.floor(random() * 1_000_000)).then(() => {
        reads.push(performance.now() - begun);
        count(name);
      }).finally(() => underWay.delete(work));
      underWay.add(work);
      // Not when the answer is there: who has to wait makes nobody else ask less.
      await Promise.race([work, sleep(1000 / READS_PER_SECOND)]);
      await sleep(begun + 1000 / READS_PER_SECOND - performance.now());
    }
  });
  const working = (async (): Promise<void> => {
    for (let place = 0; goesOn(); place++) {
      const [job, asked] = JOBS[place % JOBS.length] ?? [];
      const begun = performance.now();
      const headers = { authorization: `Bearer ${CRON_SECRET}`, "content-type": "application/json" };
      const request = { method: "POST", headers, body: JSON.stringify(asked) };
      const response = await fetch(`${platform.url}/functions/v1/${job}`, request);
      const text = await response.text();
      if (!response.ok) throw new Error(`${job}: ${response.status} ${text.slice(0, 500)}`);
      count(`× ${job}`);
      await sleep(Math.min(end, begun + JOB_EVERY_MS) - performance.now());
    }
  })();
  await Promise.all([...asking, working].map((work) => work.finally(() => failed ||= performance.now() < end)));
  await Promise.all(underWay);
  for (const [what, number] of Object.entries(office.counts())) counts[what] = number;
  counts["messages heard"] = readers.heard();
  const sample = { ...memoryOf(postmaster), delivery: p99(waits), read: p99(reads) };
  if (counts.refused) throw new Error(`${counts.refused} deliveries were refused`);
  return { counts, sample };
}

function p99(times: readonly number[]): number {
  return times.toSorted((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? 0;
}

async function sleep(ms: number): Promise<void> {
  await new Promise((resume) => setTimeout(resume, Math.max(0, ms)));
}

/** By the parent of the process that answers. */
async function postmasterOf({ database }: TestPlatform): Promise<number> {
  const [row] = await database.admin<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const stat = Deno.readTextFileSync(`/proc/${row?.pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
