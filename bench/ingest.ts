/**
 * The ingest, beside plain INSERTs of the very rows that it wrote: by the same client, into the same tables and indexes, with their
 * constraints and without our triggers, on durable settings. And beside itself where many write to one vault, and where events are late.
 *
 * @module
 */
import { seatsOf } from "./ingest/lateness.ts";
import { isWanted, median, report, sizeOf, timeOf } from "./measure.ts";
import { type Books, openBooks } from "./ingest/books.ts";
import { Chain, deliveryOf } from "./ingest/chain.ts";
import { insertPlainly, type Rows, rowsBetween } from "./ingest/plain_inserts.ts";

const VAULTS = sizeOf("vaults", 10_000);
/** Rounds before those that count. */
const WARM_UP = 4;
/** Transactions of a delivery, and how many rounds are measured. */
const BATCHES = [{ size: 1000, rounds: 20 }, { size: 100, rounds: 60 }, { size: 1, rounds: 20 }];

/** Deliveries of a round, so many that neither side meets the processor's caches as the other one left them. */
const deliveriesOf = (size: number): number => Math.ceil(50 / size);

/** Milliseconds that each delivery took, and bytes of the write-ahead log that each wrote. */
interface Side {
  readonly times: number[];
  readonly bytes: number[];
}

/** Deliveries of `size` transactions by turns: through the ingest, and what it wrote of them by plain INSERTs. */
async function benchBatches(books: Books, chain: Chain, size: number, rounds: number): Promise<void> {
  const [ours, plain]: [Side, Side] = [{ times: [], bytes: [] }, { times: [], bytes: [] }];
  for (let round = -WARM_UP; round < rounds; round++) {
    const deliveries = Array.from({ length: deliveriesOf(size) }, () => chain.delivery(size));
    const own: Side = { times: [], bytes: [] };
    const moments = [await books.moment()];
    for (const delivery of deliveries) {
      const from = await books.walBytes();
      own.times.push(await timeOf(() => books.ingest(delivery)));
      own.bytes.push(await books.walBytes() - from);
      moments.push(await books.moment());
    }
    const rows: Rows[] = [];
    for (const [place, from] of moments.slice(0, -1).entries()) {
      rows.push(await rowsBetween(books.ours, from, moments[place + 1] ?? ""));
    }
    const bare: Side = { times: [], bytes: [] };
    for (const of of rows) {
      const from = await books.walBytes();
      bare.times.push(await timeOf(() => insertPlainly(books.plain, of)));
      bare.bytes.push(await books.walBytes() - from);
    }
    if (round < 0) continue;
    ours.times.push(...own.times);
    ours.bytes.push(...own.bytes);
    plain.times.push(...bare.times);
    plain.bytes.push(...bare.bytes);
  }
  const [perSecond, perEvent] = [
    (side: Side) => size * 1000 / median(side.times),
    (side: Side) => mean(side.bytes) / size,
  ];
  const [name, kind] = size === 1 ? ["ingest/single", "one-row"] : [`ingest/batch${size}`, "multi-row"];
  const ceiling = { ceiling_name: `plain ${kind} INSERTs of the same rows` };
  const goal = size === 1 ? ">= 0.7" : ">= 0.6";
  report({ name, unit: "events/s", ours: perSecond(ours), ceiling: perSecond(plain), ...ceiling, goal });
  if (size === 100) {
    report({
      name: "wal/event",
      unit: "bytes",
      ours: perEvent(ours),
      ceiling: perEvent(plain),
      ...ceiling,
      goal: "<= 1.6",
    });
  }
}

/** Many writers on one vault beside one writer on one: transactions a second, each in the order of the chain as far as many can be. */
async function benchHot(books: Books, chain: Chain): Promise<void> {
  const rates = { many: [] as number[], one: [] as number[] };
  for (let round = -1; round < HOT.rounds; round++) {
    for (const [writers, into] of [[HOT.writers, rates.many], [1, rates.one]] as const) {
      const owner = chain.owners[2 * round + 2 + (writers === 1 ? 1 : 0)] ?? "";
      const deliveries = Array.from({ length: HOT.deliveries }, () => deliveryOf(chain.transactions(100, owner)))
        .values();
      const time = await timeOf(() =>
        Promise.all(Array.from({ length: writers }, async () => {
          for (const delivery of deliveries) {
            await (writers > 1 ? books.ingestBeside(delivery) : books.ingest(delivery));
          }
        }))
      );
      if (round >= 0) into.push(HOT.deliveries * 100 * 1000 / time);
    }
  }
  report({
    ...{ name: "ingest/hot", unit: "events/s", ours: median(rates.many), ceiling: median(rates.one) },
    ...{ ceiling_name: "1 writer on one vault", goal: ">= 0.7" },
  });
}
const HOT = { writers: 8, deliveries: 40, rounds: 4 };

/** Of each ten events one up to a thousand positions late, beside as many in the order of the chain. */
async function benchLate(books: Books, chain: Chain): Promise<void> {
  const rates = { late: [] as number[], ordered: [] as number[] };
  for (let round = -1; round < LATE.rounds; round++) {
    for (const [seats, into] of [[seatsOf(LATE.events, 0.1, 1000), rates.late], [null, rates.ordered]] as const) {
      const transactions = chain.transactions(LATE.events);
      const arriving = seats ? seats.flatMap((seat) => transactions[seat] ?? []) : transactions;
      const deliveries = Array.from(
        { length: LATE.events / 100 },
        (_, at) => deliveryOf(arriving.slice(at * 100, at * 100 + 100)),
      );
      const time = await timeOf(async () => {
        for (const delivery of deliveries) await books.ingest(delivery);
      });
      if (round >= 0) into.push(LATE.events * 1000 / time);
    }
  }
  report({
    ...{ name: "ingest/late", unit: "events/s", ours: median(rates.late), ceiling: median(rates.ordered) },
    ...{ ceiling_name: "as many events in order", goal: ">= 0.5" },
  });
}
const LATE = { events: 4000, rounds: 5 };

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

if (["ingest/batch1000", "ingest/batch100", "wal/event", "ingest/single", "ingest/hot", "ingest/late"].some(isWanted)) {
  await openBooks(VAULTS, async (books, chain) => {
    for (const { size, rounds } of BATCHES) {
      const names = size === 1
        ? ["ingest/single"]
        : size === 100
        ? ["ingest/batch100", "wal/event"]
        : [`ingest/batch${size}`];
      if (names.some(isWanted)) await benchBatches(books, chain, size, rounds);
    }
    if (isWanted("ingest/late")) await benchLate(books, chain);
    if (isWanted("ingest/hot")) await benchHot(books, chain);
  });
}
