/**
 * What lies between a chain and the webhook: deliveries that are late, come twice, overtake each other, or get lost.
 *
 * @module
 */

/** A post office at work. */
export interface PostOffice {
  /** Where the sender posts to; it is told at once that all went well. */
  readonly url: string;
  /** What became of the deliveries since this was asked last. */
  counts(): Record<"delivered" | "repeated" | "lost" | "refused", number>;
  /** Brings what is still under way, and closes. */
  close(): Promise<void>;
}

/** Longest that a delivery lies about, in milliseconds. */
const DELAY_MS_MAX = 3_000;
/** Of a hundred. */
const REPEATED = 0.1;
const LOST = 0.03;

/**
 * Opens one.
 *
 * @param deliver brings a body to the webhook and gives the status of the answer.
 * @param random what decides; numbers from 0 to 1.
 */
export function openPostOffice(
  deliver: (body: Uint8Array<ArrayBuffer>) => Promise<number>,
  random: () => number,
): PostOffice {
  const counts = { delivered: 0, repeated: 0, lost: 0, refused: 0 };
  const underWay = new Set<Promise<void>>();
  const bring = async (body: Uint8Array<ArrayBuffer>): Promise<void> => {
    await new Promise((resume) => setTimeout(resume, DELAY_MS_MAX * random() ** 3));
    // 0: no answer.
    const status = await deliver(body).catch(() => 0);
    counts[status === 200 ? "delivered" : "refused"]++;
  };
  const take = (body: Uint8Array<ArrayBuffer>): void => {
    const work = bring(body).finally(() => underWay.delete(work));
    underWay.add(work);
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const chance = random();
    if (chance < LOST) counts.lost++;
    else take(body);
    if (chance > 1 - REPEATED) {
      counts.repeated++;
      take(body);
    }
    return new Response();
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    counts: () => {
      const since = { ...counts };
      Object.assign(counts, { delivered: 0, repeated: 0, lost: 0, refused: 0 });
      return since;
    },
    async close(): Promise<void> {
      await server.shutdown();
      await Promise.all(underWay);
    },
  };
}
