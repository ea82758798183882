/**
 * A webhook secret on its way out and its successor, while deliveries come in without a pause.
 *
 * @module
 */
import { expect } from "expect";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import { createApi } from "@/functions/api/app.ts";
import { readSettings } from "@/functions/api/settings.ts";
import { isSecret } from "@/lib/http/secret.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { welch } from "@/tests/support/isolation/welch.ts";
import { bodyOf, events, key, logOf, PROGRAM, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";

const [OLD, NEW] = ["the secret that leaks", "the secret that follows"] as const;

/** Deliveries in each phase, by several senders at once. */
const DELIVERIES = 30;
const SENDERS = 6;

Deno.test("row 45: a secret is rotated under load: nothing rejected while both are valid, nothing accepted after the end", async () => {
  const database = await openTestDatabase();
  const deployed = (
    secrets: string,
  ): { fetch: (request: Request) => Promise<Response>; close: () => Promise<void> } => {
    const settings = {
      ...readSettings({ SUPABASE_DB_URL: database.url, VAULT_PROGRAM_ID: PROGRAM, HELIUS_WEBHOOK_SECRETS: secrets }),
      log: (): void => {},
    };
    const api = createApi(settings);
    return { fetch: async (request) => await api.fetch(request), close: () => settings.database.close() };
  };
  const apis = [deployed(OLD), deployed(`${OLD},${NEW}`), deployed(NEW)] as const;
  let live = 0;
  let slot = 0;
  const send = async (secret: string): Promise<number> => {
    slot += 1;
    const body = bodyOf(
      rawTransaction({ slot, signature: signature(`${slot}`), logs: logOf(events.initialise(key(`owner ${slot}`))) }),
    );
    const request = new Request("http://x/api/webhooks/helius", {
      method: "POST",
      body,
      headers: { authorization: secret },
    });
    const response = await (apis[live] ?? apis[0]).fetch(request);
    await response.body?.cancel();
    return response.status;
  };
  /** Sends with this secret; halfway the next version is deployed, and requests under way end where they began. */
  const phase = async (secretOf: (number: number) => string, next: number): Promise<number[]> => {
    const statuses: number[] = [];
    let number = 0;
    await Promise.all(Array.from({ length: SENDERS }, async () => {
      while (number < DELIVERIES) {
        number += 1;
        if (number === DELIVERIES / 2) live = next;
        statuses.push(await send(secretOf(number)));
      }
    }));
    return statuses;
  };
  try {
    const during = [
      ...await phase(() => OLD, 1),
      ...await phase((number) => number % 2 === 0 ? OLD : NEW, 1),
      ...await phase(() => NEW, 2),
    ];
    expect(during.filter((status) => status !== 200)).toEqual([]);
    const before = await stored(database.admin);
    expect(before).toBe(during.length);
    const after = await phase(() => OLD, 2);
    expect(new Set(after)).toEqual(new Set([401]));
    expect(await stored(database.admin)).toBe(before);
    showFigure(
      `${during.length} accepted while secrets changed, ${after.length} with the old one refused after its end`,
    );
  } finally {
    for (const api of apis) await api.close();
    await database.close();
  }
});

async function stored(sql: Awaited<ReturnType<typeof openTestDatabase>>["admin"]): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*)::integer as count from vaultbook.deliveries`;
  return row?.count ?? -1;
}

/** Compares two texts against each other many times, and tells Welch's t of the times: of each attempt until one is quiet. */
function tellApart(compare: (given: string) => unknown, one: string, other: string, attempts: number): number[] {
  const statistics: number[] = [];
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const spans: [number[], number[]] = [[], []];
    for (let sample = 0; sample < 4_000; sample += 1) {
      const side = Math.random() < 0.5 ? 0 : 1;
      const started = performance.now();
      for (let again = 0; again < 4; again += 1) compare(side === 0 ? one : other);
      spans[side].push(performance.now() - started);
    }
    statistics.push(welch(...spans));
    if (Math.abs(statistics.at(-1) ?? 0) < TELLS_APART) break;
  }
  return statistics;
}

/** Beyond this, two series of times are told apart: the threshold of dudect. */
const TELLS_APART = 4.5;

Deno.test("row 45: a secret is compared in constant time, however much of it is right, whichever of them it is", () => {
  const secrets = ["a".repeat(2_000), "b".repeat(2_000)] as const;
  const pairs: [string, string, string][] = [
    ["nothing right, all but the last letter right", "x".repeat(2_000), `${"a".repeat(1_999)}x`],
    ["the first secret, the second", secrets[0], secrets[1]],
    ["wrong, right", "x".repeat(2_000), secrets[0]],
  ];
  for (const [name, one, other] of pairs) {
    // A leak shows every time, a busy machine now and then.
    const statistics = tellApart((given) => isSecret(given, secrets), one, other, 5);
    showFigure(`${name}: Welch t ${statistics.map((t) => t.toFixed(2)).join(", ")}`);
    expect([name, Math.min(...statistics.map(Math.abs)) < TELLS_APART]).toEqual([name, true]);
  }
  const hasty = (given: string): boolean => [...given].every((letter, place) => letter === secrets[0][place]);
  const told = tellApart(hasty, "x".repeat(2_000), `${"a".repeat(1_999)}x`, 1);
  expect(Math.abs(told[0] ?? 0)).toBeGreaterThan(TELLS_APART);
});
