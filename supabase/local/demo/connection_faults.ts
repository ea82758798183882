/**
 * Faults of the way to a node: too many requests, a broken proxy, silence, a torn connection.
 *
 * @module
 */
import type { Faults } from "./faults.ts";
import { createRandom, type Random } from "./random.ts";
import { pause } from "./webhook.ts";

/** Answers one HTTP request. */
export type Answerer = (request: Request) => Promise<Response>;

/**
 * The answerer with the faults in front of it.
 *
 * @param closing ends what hangs.
 */
export function withConnectionFaults(answer: Answerer, faults: Faults, closing: AbortSignal): Answerer {
  const random = createRandom("proxy");
  return async (request) => {
    const refusal = tooMany(faults) ?? brokenProxy(faults, random);
    if (refusal !== null) {
      // A body that nobody reads keeps the connection from being used again.
      await request.body?.cancel();
      return refusal;
    }
    const hang = faults.strike("hang");
    if (hang !== null) {
      faults.count("hang");
      await silence(hang.milliseconds, AbortSignal.any([closing, request.signal]));
    }
    const response = await answer(request);
    if (faults.strike("cut") === null) return response;
    faults.count("cut");
    return await torn(response);
  };
}

function tooMany(faults: Faults): Response | null {
  const limit = faults.strike("rate_limited");
  if (limit === null) return null;
  faults.count("rate_limited");
  const { retryAfterSeconds } = limit;
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  const error = { code: 429, message: "Too many requests for a specific RPC call" };
  return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 429, headers });
}

function brokenProxy(faults: Faults, random: Random): Response | null {
  if (faults.strike("server_error") === null) return null;
  faults.count("server_error");
  const [status, title] = random.pick(
    [[500, "Internal Server Error"], [502, "Bad Gateway"], [503, "Service Temporarily Unavailable"]] as const,
  );
  const page =
    `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body><h1>${status} ${title}</h1></body></html>`;
  return new Response(page, { status, headers: { "content-type": "text/html" } });
}

/** So many milliseconds, or for ever; in any case no longer than until the signal. */
function silence(milliseconds: number | undefined, signal: AbortSignal): Promise<void> {
  if (milliseconds !== undefined) return pause(milliseconds, signal);
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The response with half of its body, and no end. */
async function torn(response: Response): Promise<Response> {
  const whole = new Uint8Array(await response.arrayBuffer());
  const half = whole.subarray(0, Math.max(1, whole.length >> 1));
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(half),
    pull: (controller) => controller.error(new Error("cut")),
  }, { highWaterMark: 0 });
  return new Response(body, { status: response.status, headers: { "content-type": "application/json" } });
}
