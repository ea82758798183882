/**
 * Deliveries over HTTP, through the gateway to the webhook and into a durable ledger: how many events a second, beside the ingest of what
 * is read from the same bodies; and how long a delivery waits for its answer when many come, at the moments at which they come.
 *
 * @module
 */
import { openDatabase } from "@/lib/ledger/database.ts";
import { type Delivery, ingest } from "@/lib/ledger/ingest.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";
import { Deposits } from "./books/deposits.ts";
import { isWanted, median, onDatabase, quantile, report, sizeOf, tell, timeOf } from "./measure.ts";

const vaults = sizeOf("vaults", 10_000);
const seconds = sizeOf("seconds", 60);

/** Transactions of a body, bodies, and those before the ones that count. */
const BATCH = 100;
const ROUNDS = 100;
const WARM_UP = 10;
/** Deliveries a second, their transactions, and what Helius waits for an answer. */
const RATE = 50;
const SMALL_BATCH = 10;
const HELIUS_TIMEOUT_MS = 1000;

async function post(platform: TestPlatform, { body, transactions }: Delivery & { body: BodyInit }): Promise<void> {
  const url = `${platform.url}/functions/v1/api/webhooks/helius`;
  const response = await fetch(url, { method: "POST", headers: { authorization: platform.webhookSecret }, body });
  const answer = await response.json();
  if (answer.applied !== transactions.length) {
    throw new Error(`${response.status} ${JSON.stringify(answer).slice(0, 500)}`);
  }
}

async function benchRate(platform: TestPlatform, chain: Deposits, openings: Delivery[], server: string): Promise<void> {
  const other = await openTestDatabase({ server });
  const bare = openDatabase(other.url);
  for (const delivery of openings) await ingest(bare, delivery);
  await other.admin.unsafe("vacuum analyze");
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const delivery = chain.delivery(BATCH);
    const ours = await timeOf(() => post(platform, delivery));
    const alone = await timeOf(() => ingest(bare, delivery));
    if (round < 0) continue;
    times.ours.push(ours);
    times.bare.push(alone);
  }
  await bare.close();
  await other.close();
  report({
    ...{ name: "webhook/http", unit: "events/s", ours: BATCH * 1000 / median(times.ours) },
    ...{ ceiling: BATCH * 1000 / median(times.bare), ceiling_name: `ingest of the same ${BATCH}`, goal: ">= 0.5" },
  });
}

/** Each is sent when its time has come, whatever became of those before, and its wait counts from that time on. */
async function benchWait(platform: TestPlatform, chain: Deposits): Promise<void> {
  tell(`Writing ${RATE * seconds} bodies`);
  const deliveries = Array.from({ length: RATE * seconds }, () => chain.delivery(SMALL_BATCH));
  for (let round = 0; round < WARM_UP; round++) await post(platform, chain.delivery(SMALL_BATCH));
  const begun = performance.now();
  let refused = 0;
  const waits = await Promise.all(deliveries.map(async (delivery, place) => {
    const due = begun + place * 1000 / RATE;
    await new Promise((resume) => setTimeout(resume, due - performance.now()));
    // Helius would send it again; its wait counts as long as it was.
    await post(platform, delivery).catch(() => refused++);
    return performance.now() - due;
  }));
  if (refused > 0) tell(`${refused} of ${waits.length} were refused`);
  tell(`p50 ${quantile(waits, 0.5).toFixed(1)} ms, the longest ${Math.max(...waits).toFixed(1)} ms`);
  report({
    ...{ name: "webhook/p99", unit: "ms", ours: quantile(waits, 0.99), ceiling: HELIUS_TIMEOUT_MS },
    ...{ ceiling_name: "what Helius waits", goal: "<= 0.25" },
  });
}

const wanted = { rate: isWanted("webhook/http"), wait: isWanted("webhook/p99") };
if (wanted.rate || wanted.wait) {
  await onDatabase(async (_sql, _url, server) => {
    const platform = await openTestPlatform({ server });
    try {
      const chain = new Deposits(vaults);
      tell(`Opening ${vaults} vaults`);
      const openings = chain.openings();
      const client = openDatabase(platform.database.url);
      for (const delivery of openings) await ingest(client, delivery);
      await client.close();
      await platform.database.admin.unsafe("vacuum analyze");
      if (wanted.rate) await benchRate(platform, chain, openings, server);
      if (wanted.wait) await benchWait(platform, chain);
    } finally {
      await platform.close();
    }
  }, { durable: true });
}
