/**
 * Whether the time of an answer tells that another owner is there, or how much that owner has. Each question is asked about one who has a
 * long history and about one whom there is not, in a random order, and the times are compared.
 *
 * @module
 */
import { openOracles, type Oracle, type Side } from "@/tests/support/isolation/oracles.ts";
import { TELLS_APART, welch } from "@/tests/support/isolation/welch.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";
import { generator } from "@/tests/support/seeded.ts";
import type { TestServer } from "../test/server.ts";
import { breathe, type Campaign, type Counts, type Kind, refuse, sum } from "./campaign.ts";

/** How much is measured. */
export interface Timing {
  /** Times of one question that are compared in one attempt, of both sides together. */
  readonly samples: number;
  /** A question whose times are told apart so often in a row gives its secret away: a leak shows every time, a busy machine now and then. */
  readonly attempts: number;
  /** So many times of one question are compared as a whole, too, where a round comes to it; then they are counted anew. */
  readonly whole: number;
  /** Of the questions, those whose names begin so. */
  readonly about: string;
  /** What is on trial: made before anything is measured. */
  readonly prepare: (platform: TestPlatform) => Promise<void>;
}

const FULL: Timing = { samples: 2_000, attempts: 4, whole: 100_000, about: "", prepare: () => Promise.resolve() };

/** Before times are taken: what is done for the first time takes longer. */
const WARM_UP = 10;

/** Questions of this shape. */
export function timing(shape: Partial<Timing> = {}): Kind {
  const given = { ...FULL, ...shape };
  return { mustHappen: ["times", "questions"], open: (server) => open(server, given) };
}

type Series = [number[], number[]];

async function open(server: TestServer, shape: Timing): Promise<Campaign> {
  const platform = await openTestPlatform({ server: server.adminUrl });
  try {
    const { oracles: all, close } = await openOracles(platform);
    const oracles = all.filter(({ name }) => name.startsWith(shape.about));
    await shape.prepare(platform);
    const wholes = new Map<string, Series>(oracles.map(({ name }) => [name, [[], []]]));
    return {
      async round(seed): Promise<Counts> {
        const random = generator(seed);
        let counts: Counts = {};
        const leaks: string[] = [];
        for (const oracle of oracles) {
          if (server.interrupted.aborted) break;
          const { told, times } = await judge(oracle, shape, random, wholes.get(oracle.name) ?? [[], []]);
          leaks.push(...told);
          counts = sum(counts, { questions: 1, times });
          const whole = wholes.get(oracle.name);
          if (whole && whole[0].length + whole[1].length >= shape.whole * oracle.share) {
            leaks.push(...complaint(oracle, whole));
            wholes.set(oracle.name, [[], []]);
            counts = sum(counts, { [`× ${shape.whole * oracle.share} times`]: 1 });
          }
          await breathe();
        }
        refuse("Times tell who is there", leaks);
        return counts;
      },
      async close(): Promise<void> {
        await close();
        await platform.close();
      },
    };
  } catch (error) {
    await platform.close();
    throw error;
  }
}

/** Attempts until one tells nothing apart. Adds what was measured to the whole. */
async function judge(
  oracle: Oracle,
  { samples, attempts }: Timing,
  random: () => number,
  whole: Series,
): Promise<{ told: string[]; times: number }> {
  const each = Math.ceil(samples * oracle.share);
  let told: string[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const series = await measure(oracle, each, random);
    // One by one: an argument each would be too many.
    for (const side of [0, 1] as const) for (const time of series[side]) whole[side].push(time);
    told = complaint(oracle, series);
    if (told.length === 0) return { told, times: attempt * each };
  }
  return { told, times: attempts * each };
}

async function measure({ name, ask }: Oracle, samples: number, random: () => number): Promise<Series> {
  const answer = await ask(0);
  for (let n = 0; n < WARM_UP; n++) await ask((n % 2) as Side);
  const series: Series = [[], []];
  for (let n = 0; n < samples; n++) {
    const side = random() < 0.5 ? 0 : 1;
    const started = performance.now();
    const told = await ask(side);
    series[side].push(performance.now() - started);
    if (told !== answer) {
      throw new Error(`${name} answers differently: ${answer.slice(0, 200)} | ${told.slice(0, 200)}`);
    }
  }
  return series;
}

function complaint({ name }: Oracle, [theirs, nobodys]: Series): string[] {
  const t = welch(theirs, nobodys);
  if (Math.abs(t) < TELLS_APART) return [];
  const [one, other] = [medianOf(theirs), medianOf(nobodys)].map((ms) => ms.toFixed(3));
  return [`${name}: Welch t ${t.toFixed(2)}, medians ${one} and ${other} ms of ${theirs.length + nobodys.length}`];
}

function medianOf(series: readonly number[]): number {
  return series.toSorted((a, b) => a - b)[series.length >> 1] ?? 0;
}
