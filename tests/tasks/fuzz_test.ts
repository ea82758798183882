import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { UsageError } from "@/tasks/command_line.ts";
import { fuzz, KINDS } from "@/tasks/fuzz.ts";
import type { Kind } from "@/tasks/fuzz/campaign.ts";
import { eventsFromTold } from "@/lib/chain/ledger_events.ts";
import { readProgramLog } from "@/lib/chain/invocation_log.ts";
import { crash } from "@/tasks/fuzz/crash.ts";
import { type Cuts, cuts } from "@/tasks/fuzz/cuts.ts";
import { type Decoder, decoder } from "@/tasks/fuzz/decoder.ts";
import { type Logs, logs } from "@/tasks/fuzz/logs.ts";
import { ALL_POSTED, type Payloads, payloads } from "@/tasks/fuzz/payloads.ts";
import { type Permutations, permutations } from "@/tasks/fuzz/permutations.ts";
import { OTHER_PROGRAM, PROGRAM } from "@/tests/support/raw_delivery.ts";
import { PROJECT, runProjectTask } from "@/tests/support/running_instance.ts";

const DELIVERIES: Partial<Permutations> = { chronicle: { transactions: 60, hot: 8, cold: 6 }, orders: 2, body: 12 };
const BODIES: Partial<Payloads> = { bodies: 150, posted: 4 };
const TREES: Partial<Logs> = { trees: 20, cuts: 2 };
const CUTS: Partial<Cuts> = { trees: 3 };
const EVENTS: Partial<Decoder> = { inputs: 5_000 };

/** Runs the task in this process on kinds of its own, one round each. Gives the exit code and what was said. */
async function run(kinds: Record<string, Kind>, ...args: string[]): Promise<{ code: number; said: string }> {
  const lines: string[] = [];
  const code = await fuzz(["--minutes", "0.0001", ...args], kinds, (line) => lines.push(line));
  return { code, said: lines.join("\n") };
}

Deno.test("fuzz runs a round of every kind, prints its seed, and ends with 0 where nothing is found", async () => {
  const tiny = {
    permutations: permutations(DELIVERIES),
    payloads: payloads(BODIES),
    requests: payloads({ ...ALL_POSTED, bodies: 60 }),
    logs: logs(TREES),
    cuts: cuts(CUTS),
    decoder: decoder(EVENTS),
    crash: crash({ kills: 1 }),
  };
  // Rounds of these kinds are tests of their own: sweep_test.ts and reconcile_test.ts in tests/properties, tests/functions/api/fuzz_test.ts,
  // tests/security/timing_test.ts, tests/faults/alert_precision_test.ts.
  expect([...Object.keys(tiny), "sweep", "reconcile", "alerts", "api", "timing", "load"]).toEqual(Object.keys(KINDS));
  const { code, said } = await run(tiny, "--seed", "7");
  expect([code, said]).toEqual([0, expect.stringMatching(/^seed 7\n/)]);
  for (const name of Object.keys(tiny)) expect(said).toMatch(new RegExp(`^${name} +[0-9]+ s +1 rounds: [1-9]`, "m"));
});

/** What goes into a kind in one round: bodies, or signatures in their order. */
async function inputs(kind: (typeof REPEATED)[number], seed: string): Promise<string[]> {
  const heard: string[] = [];
  const read: typeof readDelivery = (body, program) => {
    heard.push(new TextDecoder().decode(body));
    return readDelivery(body, program);
  };
  const write: typeof ingest = (database, delivery) => {
    heard.push(JSON.stringify(delivery.transactions.map(({ verdict, signature, slot }) => [verdict, signature, slot])));
    return ingest(database, delivery);
  };
  const kinds = {
    permutations: permutations({ ...DELIVERIES, writers: 1, ingest: write }),
    payloads: payloads({ ...BODIES, read }),
    logs: logs({ ...TREES, read }),
    cuts: cuts({
      ...CUTS,
      readLog(lines, program): ReturnType<typeof readProgramLog> {
        heard.push(lines.join("\n"));
        return readProgramLog(lines, program);
      },
    }),
    decoder: decoder({
      ...EVENTS,
      read(program, told, tokenAccountOf): ReturnType<typeof eventsFromTold> {
        heard.push(told.join());
        return eventsFromTold(program, told, tokenAccountOf);
      },
    }),
  };
  expect((await run(kinds, "--only", kind, "--seed", seed)).code).toBe(0);
  return heard;
}

const REPEATED = ["permutations", "payloads", "logs", "cuts", "decoder"] as const;
for (const kind of REPEATED) {
  Deno.test(`fuzz --only ${kind} throws the same things for the same seed, and others for another`, async () => {
    const first = await inputs(kind, "11");
    expect(first.length).toBeGreaterThan(10);
    expect(await inputs(kind, "11")).toEqual(first);
    expect(await inputs(kind, "12")).not.toEqual(first);
  });
}

/** Mistakes, each in what a kind has on trial. */
const PLANTED: Readonly<Record<string, [what: string, kind: Kind]>> = {
  permutations: [
    "The book is not the auditor's",
    permutations({
      ...DELIVERIES,
      // Acknowledges every fifth body without a look at it.
      ingest: (() => {
        let calls = 0;
        return (database, delivery) =>
          ++calls % 5 > 0 ? ingest(database, delivery) : Promise.resolve(
            delivery.transactions.map(({ signature = null }) => ({ signature, outcome: "applied", code: null })),
          );
      })(),
    }),
  ],
  payloads: [
    "elements came to 2 verdicts",
    payloads({ ...BODIES, read: (body, program) => readDelivery(body, program).slice(0, 2) }),
  ],
  logs: [
    "Something else was read than what was said",
    // Takes another program's word for the vault program's.
    logs({
      ...TREES,
      read: (body, program) =>
        readDelivery(
          new TextEncoder().encode(new TextDecoder().decode(body).replaceAll(OTHER_PROGRAM, PROGRAM)),
          program,
        ),
    }),
  ],
  cuts: [
    "A log without its end was taken for a whole one",
    // Does not look whether every call has ended.
    cuts({
      ...CUTS,
      readLog: (lines, program) => ({
        ...readProgramLog(lines, program),
        flaw: lines.includes("Log truncated") ? "log_truncated" : null,
      }),
    }),
  ],
  decoder: [
    "Another amount",
    // Takes amounts for signed numbers of four bytes.
    decoder({
      ...EVENTS,
      read: (program, told, tokenAccountOf) =>
        eventsFromTold(program, told, tokenAccountOf).map((event) =>
          "amount" in event ? { ...event, amount: BigInt.asIntN(32, event.amount) } : event
        ),
    }),
  ],
};

for (const [name, [what, kind]] of Object.entries(PLANTED)) {
  Deno.test(`fuzz --only ${name} ends with 1 where it finds a mistake, and says how to repeat it`, async () => {
    const { code, said } = await run({ [name]: kind }, "--seed", "3");
    expect(code).toBe(1);
    expect(said).toContain(what);
    const command = /^To repeat it: deno task fuzz (.*)$/m.exec(said)?.[1] ?? "";
    expect(command).toMatch(new RegExp(`^--only ${name} --seed [0-9]+$`));
    const repeated = await run({ [name]: kind }, ...command.split(" "));
    expect([repeated.code, repeated.said]).toEqual([1, expect.stringContaining(what)]);
  });
}

Deno.test("fuzz ends with 1 where something that had to happen never did", async () => {
  const idle: Kind = {
    mustHappen: ["kills"],
    open: () => Promise.resolve({ round: () => Promise.resolve({ kills: 0 }), close: () => Promise.resolve() }),
  };
  const { code, said } = await run({ idle }, "--seed", "1");
  expect([code, said]).toEqual([1, expect.stringContaining("idle proves nothing: no kills in the whole run")]);
});

Deno.test("fuzz refuses a seed, a time or a kind that is none", async () => {
  for (
    const args of [["--seed", "x"], ["--seed", "-1"], ["--minutes", "0"], ["--minutes", "soon"], ["--only", "logs,"], [
      "--only",
      "bugs",
    ]]
  ) {
    await expect(fuzz(args)).rejects.toThrow(UsageError);
  }
});

Deno.test("deno task fuzz --only logs runs from the command line", async () => {
  const { code, stdout } = await runProjectTask("fuzz", "--only", "logs", "--minutes", "0.001", "--seed", "5");
  expect([code, stdout]).toEqual([
    0,
    expect.stringMatching(/^seed 5\nlogs +begins\nlogs +[0-9]+ s +[0-9]+ rounds: [0-9]+ logs/),
  ]);
});

Deno.test("deno task fuzz ends at Ctrl-C, with what it has counted and exit code 130", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "tasks/fuzz.ts", "--only", "logs", "--minutes", "100"],
    cwd: PROJECT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (!said.includes("begins") && (said + text).includes("begins")) child.kill("SIGINT");
    said += text;
  }
  const complaint = await new Response(child.stderr).text();
  expect([(await child.status).code, said, complaint]).toEqual([
    130,
    expect.stringContaining("rounds:"),
    "Interrupted\n",
  ]);
});
