/**
 * Runs kinds of fuzzing one after the other, each for its share of the time and at least one round.
 *
 * @module
 */
import type { TestServer } from "../test/server.ts";
import { breathe, type Counts, type Kind, sum } from "./campaign.ts";

/** What to run, and for how long. */
export interface Run {
  /** By name, in this order. */
  readonly kinds: Readonly<Record<string, Kind>>;
  /** The first round of each kind has this seed, the next one the next. */
  readonly seed: number;
  /** For all kinds together. */
  readonly minutes: number;
  readonly say: (line: string) => void;
}

/** Milliseconds between two lines about the same kind. */
const SILENCE = 5_000;

/** Runs all kinds; a finding ends its kind alone. Gives how many kinds found something, with the command that repeats it said. */
export async function runKinds(server: TestServer, { kinds, seed, minutes, say }: Run): Promise<number> {
  const share = minutes * 60_000 / Object.keys(kinds).length;
  let found = 0;
  for (const [name, kind] of Object.entries(kinds)) {
    if (server.interrupted.aborted) break;
    if (!(await runKind(server, name, kind, { seed, share, say }))) found++;
  }
  return found;
}

async function runKind(
  server: TestServer,
  name: string,
  kind: Kind,
  { seed, share, say }: { seed: number; share: number; say: (line: string) => void },
): Promise<boolean> {
  const started = performance.now();
  let [told, rounds, toldRounds, counts] = [started, 0, -1, {} as Counts];
  const tell = (): void => {
    if (toldRounds === rounds) return;
    [told, toldRounds] = [performance.now(), rounds];
    const seconds = (told - started) / 1000;
    say(`${name.padEnd(12)} ${seconds.toFixed(0).padStart(5)} s  ${rounds} rounds: ${inWords(counts)}`);
  };
  say(`${name.padEnd(12)} begins`);
  const campaign = await kind.open(server);
  try {
    while (!server.interrupted.aborted && (rounds === 0 || performance.now() - started < share)) {
      counts = sum(counts, await campaign.round(seed + rounds));
      rounds++;
      await breathe();
      if (performance.now() - told > SILENCE) tell();
    }
  } catch (error) {
    tell();
    if (server.interrupted.aborted) return true;
    say(`${name} found this with seed ${seed + rounds}:\n`);
    say((error instanceof Error ? error.stack ?? error.message : String(error)).replace(/^/gm, "    "));
    say(`\nTo repeat it: deno task fuzz --only ${name} --seed ${seed + rounds}`);
    return false;
  } finally {
    await campaign.close();
  }
  tell();
  const never = kind.mustHappen.filter((what) => !counts[what]);
  if (never.length === 0 || server.interrupted.aborted) return true;
  say(`${name} proves nothing: ${never.map((what) => `no ${what}`).join(", ")} in the whole run`);
  say(`\nTo repeat it: deno task fuzz --only ${name} --seed ${seed} --minutes ${share / 60_000}`);
  return false;
}

function inWords(counts: Counts): string {
  return Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(", ");
}
