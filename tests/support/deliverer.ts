/**
 * The way from the chain to the webhook, as bad as it can be: what was posted is lost, repeated, disordered, late. A pure function of
 * its seed, so that a run repeats from it.
 *
 * @module
 */
import { createRandom } from "@/supabase/local/demo/random.ts";
import type { RawItem } from "@/supabase/local/demo/transaction_json.ts";

/** A transaction that the chain posts to the webhook. */
export interface Posted {
  /** When. Milliseconds since 1970, of the chain's clock. */
  readonly at: number;
  readonly item: RawItem;
}

/** What happens on the way. Each share is a part of 1, of the transactions; absent: it does not happen. */
export interface Weather {
  readonly drop?: number;
  /** Comes twice, the second time within a minute after the first. */
  readonly duplicate?: number;
  /** Comes late, by up to so many milliseconds, and so behind what was posted after it. */
  readonly delay?: { readonly share: number; readonly milliseconds: number };
  /** Nothing comes in this time: what is posted in it is lost, or comes at its end. */
  readonly silence?: { readonly from: number; readonly milliseconds: number; readonly then: "lost" | "late" };
  /** Most transactions that come together; default 1. */
  readonly batch?: number;
}

/** One request to the webhook. */
export interface Delivery {
  readonly at: number;
  readonly items: readonly RawItem[];
}

/** What came, and how often each thing happened to a transaction. */
export interface Delivered {
  readonly deliveries: readonly Delivery[];
  readonly fired: Readonly<Record<"dropped" | "duplicated" | "delayed" | "silenced" | "reordered", number>>;
}

const REPEATED_WITHIN = 60_000;

/** What becomes of everything that was posted. */
export function deliver(posted: readonly Posted[], seed: string, weather: Weather): Delivered {
  const fired = { dropped: 0, duplicated: 0, delayed: 0, silenced: 0, reordered: 0 };
  const arriving: (Posted & { readonly place: number })[] = [];
  for (const [place, { at, item }] of posted.entries()) {
    // A stream of its own for each: what happens to one transaction does not depend on what happened to others.
    const random = createRandom(`${seed}/deliver/${place}`);
    if (random.chance(weather.drop ?? 0)) {
      fired.dropped++;
      continue;
    }
    let arrival = at;
    if (weather.delay && random.chance(weather.delay.share)) {
      fired.delayed++;
      arrival += random.between(1, weather.delay.milliseconds);
    }
    const again = random.chance(weather.duplicate ?? 0) ? [arrival + random.between(0, REPEATED_WITHIN)] : [];
    fired.duplicated += again.length;
    for (const time of [arrival, ...again]) {
      const heard = afterSilence(time, weather.silence);
      if (heard !== time) fired.silenced++;
      if (heard !== null) arriving.push({ at: heard, item, place });
    }
  }
  arriving.sort((a, b) => a.at - b.at);
  fired.reordered = arriving.filter(({ place }, i) => place < (arriving[i - 1]?.place ?? -1)).length;
  return { deliveries: [...inBatches(arriving, seed, weather.batch ?? 1)], fired };
}

/** When something that arrives at a time is heard; null when never. */
function afterSilence(at: number, silence: Weather["silence"]): number | null {
  if (!silence) return at;
  const end = silence.from + silence.milliseconds;
  if (at < silence.from || at >= end) return at;
  return silence.then === "late" ? end : null;
}

/** Neighbours in time together, 1 to `most` of them, at the time of the last. */
function* inBatches(arriving: readonly Posted[], seed: string, most: number): Generator<Delivery> {
  const random = createRandom(`${seed}/batches`);
  for (let from = 0, size = 0; from < arriving.length; from += size) {
    size = random.between(1, most);
    const together = arriving.slice(from, from + size);
    yield { at: together.at(-1)?.at ?? 0, items: together.map(({ item }) => item) };
  }
}
