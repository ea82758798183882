import { expect } from "expect";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { createDeliverer, type Deliverer, type DelivererOptions } from "@/supabase/local/demo/webhook.ts";
import { openTestChain } from "./support/demo_chain.ts";

interface Received {
  authorization: string | null;
  body: string;
  at: number;
}

/** Runs a test against a webhook that answers with these statuses in turn, the last one for ever. 0 means no answer. */
async function onWebhook(
  statuses: number[],
  run: (deliverer: Deliverer, received: Received[]) => Promise<void>,
  options: Partial<DelivererOptions> = {},
): Promise<void> {
  const received: Received[] = [];
  const hanging = new AbortController();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    received.push({
      authorization: request.headers.get("authorization"),
      body: await request.text(),
      at: performance.now(),
    });
    const status = statuses[Math.min(received.length, statuses.length) - 1] ?? 200;
    if (status > 0) return new Response("{}", { status });
    await new Promise((resolve) => hanging.signal.addEventListener("abort", resolve));
    return new Response("{}");
  });
  const url = `http://127.0.0.1:${server.addr.port}/webhook`;
  const deliverer = createDeliverer({ url, secret: "s3cret value", retryDelayMs: 40, ...options });
  try {
    await run(deliverer, received);
  } finally {
    hanging.abort();
    await deliverer.close();
    await server.shutdown();
  }
}

/** Two items of a chain. */
function someItems(): ReturnType<typeof rawItem>[] {
  const test = openTestChain({ count: 2 });
  const items = [0, 1].map((number) => rawItem(test.chain().render(number)));
  test.close();
  return items;
}

Deno.test("deliver() posts a JSON array with the secret verbatim", () =>
  onWebhook([200], async (deliverer, received) => {
    const items = someItems();
    expect(await deliverer.deliver(items)).toBe(true);
    expect(received.map(({ authorization, body }) => [authorization, body]))
      .toEqual([["s3cret value", JSON.stringify(items)]]);
    expect(deliverer.counters()).toEqual({ delivered: 1, retried: 0, lost: 0 });
  }));

Deno.test("deliver() retries a refusal, with a pause and the same body, until it is taken", () =>
  onWebhook([503, 401, 200], async (deliverer, received) => {
    expect(await deliverer.deliver(someItems())).toBe(true);
    expect(deliverer.counters()).toEqual({ delivered: 1, retried: 2, lost: 0 });
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect((received[1]?.at ?? 0) - (received[0]?.at ?? 0)).toBeGreaterThanOrEqual(35);
  }));

Deno.test("deliver() gives up after three retries, and says so", async () => {
  const lines: string[] = [];
  await onWebhook([500], async (deliverer, received) => {
    expect(await deliverer.deliver(someItems())).toBe(false);
    expect(received.length).toBe(4);
    expect(deliverer.counters()).toEqual({ delivered: 0, retried: 3, lost: 1 });
  }, { log: (line) => lines.push(line) });
  expect(lines).toEqual(["Webhook delivery of 2 lost for good: status 500"]);
});

Deno.test("deliver() takes 403 for a final no", () =>
  onWebhook([403], async (deliverer, received) => {
    expect(await deliverer.deliver(someItems())).toBe(false);
    expect(received.length).toBe(1);
    expect(deliverer.counters()).toEqual({ delivered: 0, retried: 0, lost: 1 });
  }));

Deno.test("deliver() retries where no answer comes in time", () =>
  onWebhook([0, 200], async (deliverer) => {
    expect(await deliverer.deliver(someItems())).toBe(true);
    expect(deliverer.counters()).toEqual({ delivered: 1, retried: 1, lost: 0 });
  }, { timeoutMs: 120 }));

Deno.test("deliver() retries where nobody listens", async () => {
  const deliverer = createDeliverer({ url: "http://127.0.0.1:1/", secret: "s", retryDelayMs: 1 });
  expect(await deliverer.deliver([])).toBe(false);
  expect(deliverer.counters()).toEqual({ delivered: 0, retried: 3, lost: 1 });
  await deliverer.close();
});

Deno.test("close() gives up what is under way at once", () =>
  onWebhook([0], async (deliverer, received) => {
    const delivery = deliverer.deliver(someItems());
    while (received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const started = performance.now();
    await deliverer.close();
    expect(await delivery).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(deliverer.counters()).toEqual({ delivered: 0, retried: 0, lost: 1 });
  }));
