/**
 * What it costs to read a delivery, beside what `JSON.parse` of the same body costs, which nothing that reads it can do without.
 *
 * @module
 */
import process from "node:process";
import { readDelivery } from "@/lib/chain/delivery.ts";
import { demoItems, demoProgram as program } from "@/tests/support/demo_items.ts";
import { enhancedOf } from "@/tests/support/enhanced_delivery.ts";
import { bodyOf } from "@/tests/support/raw_delivery.ts";
import { isWanted, report } from "./measure.ts";

/** Transactions of a delivery. */
const SIZES = [1, 100, 1000];
/** Rounds of which the quickest counts, since whatever else the machine does only adds; and the least milliseconds of each. */
const ROUNDS = 20;
const ROUND_MS = 30;

/** Microseconds of the processor that one call of each takes, by turns, so that both see the same machine. */
function quickest(ours: () => void, ceiling: () => void): [number, number] {
  const times = [ours, ceiling].map((work) => ({ work, calls: calibrated(work), least: Infinity }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const time of times) {
      const started = processorTime();
      for (let call = 0; call < time.calls; call++) time.work();
      time.least = Math.min(time.least, (processorTime() - started) / time.calls);
    }
  }
  const [first = 0, second = 0] = times.map(({ least }) => least);
  return [first, second];
}

/** Microseconds that this process has had of the processor, its garbage collection included. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** How many calls fill a round, after ten rounds to warm up. */
function calibrated(work: () => void): number {
  for (const end = performance.now() + 10 * ROUND_MS; performance.now() < end;) work();
  for (let calls = 1;; calls *= 2) {
    const started = performance.now();
    for (let call = 0; call < calls; call++) work();
    if (performance.now() - started > ROUND_MS) return calls;
  }
}

const raw = demoItems("bench", 1000, 40);
// One that holds an event, for the delivery of a single transaction, which is what a webhook mostly brings.
const first = raw.findIndex((item) => readDelivery(bodyOf(item), program)[0]?.verdict === "read");
for (const [form, items] of [["raw", raw], ["enhanced", raw.map(enhancedOf)]] as const) {
  for (const size of SIZES) {
    const name = `decode ${form} ${size}`;
    if (!isWanted(name)) continue;
    const body = bodyOf(...(size === 1 ? items.slice(first, first + 1) : items.slice(0, size)));
    const text = new TextDecoder().decode(body);
    const [ours, ceiling] = quickest(() => void readDelivery(body, program), () => void JSON.parse(text));
    report({ name, unit: "µs CPU", ours, ceiling, ceiling_name: "JSON.parse of the same body" });
  }
}
