/**
 * Rows 14 to 18: bodies that are too large, too deep, no text, no JSON, or sent in another way than a webhook sends them.
 *
 * @module
 */
import { expect } from "expect";
import { createApi } from "@/functions/api/app.ts";
import { readSettings } from "@/functions/api/settings.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { jsonDocuments } from "@/tests/support/json_documents.ts";
import { brokenInvariants, vaultBalances } from "@/tests/support/ledger_state.ts";
import { bodyOf, events, key, logOf, PROGRAM, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";

const SECRET = "the webhook's secret";
const PATH = "/api/webhooks/helius";
const MIB = 1024 * 1024;
const alice = key("alice");
const deposit = rawTransaction({ logs: logOf(events.initialise(alice), events.deposit(alice, 5n, 5n)) });

interface Running {
  readonly api: ReturnType<typeof createApi>;
  readonly sql: TestDatabase["admin"];
  post(body: BodyInit, headers?: Record<string, string>): Promise<Response>;
  /** The bytes of every delivery that was kept, in their order. */
  kept(): Promise<Uint8Array[]>;
}

function apiTest(name: string, run: (running: Running) => Promise<void>): void {
  Deno.test(name, async () => {
    const database = await openTestDatabase();
    const environment = {
      SUPABASE_DB_URL: database.url,
      VAULT_PROGRAM_ID: PROGRAM,
      HELIUS_WEBHOOK_SECRETS: SECRET,
    };
    const settings = { ...readSettings(environment), log: (): void => {} };
    const api = createApi(settings);
    try {
      await run({
        api,
        sql: database.admin,
        post: async (body, headers = {}) =>
          await api.request(PATH, { method: "POST", body, headers: { authorization: SECRET, ...headers } }),
        async kept(): Promise<Uint8Array[]> {
          const rows = await database.admin<{ body: Uint8Array }[]>`select body from vaultbook.deliveries order by id`;
          return rows.map(({ body }) => new Uint8Array(body));
        },
      });
      expect(await brokenInvariants(database.admin)).toEqual([]);
    } finally {
      await settings.database.close();
      await database.close();
    }
  });
}

/** A body in parts of one MiB, and how many of them were asked for. */
function inParts(count: number): { body: ReadableStream<Uint8Array>; asked: () => number } {
  let asked = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller): void {
      if (asked === count) controller.close();
      else controller.enqueue(new Uint8Array(MIB).fill(0x20));
      asked++;
    },
  }, { highWaterMark: 0 });
  return { body, asked: () => asked };
}

apiTest("row 14: what is too large is refused unread, or as soon as it is too large", async ({ post, kept }) => {
  const before = Deno.memoryUsage().rss;
  const announced = inParts(50);
  const response = await post(announced.body, { "content-length": String(50 * MIB) });
  expect([response.status, announced.asked()]).toEqual([413, 0]);
  for (let time = 0; time < 5; time++) {
    const unannounced = inParts(50);
    const { status } = await post(unannounced.body);
    expect([status, unannounced.asked()]).toEqual([413, 11]);
  }
  expect(await kept()).toEqual([]);
  for (const size of [1, 5]) expect((await post(inParts(size).body)).status).toBe(200);
  expect((await kept()).map(({ length }) => length / MIB)).toEqual([1, 5]);
  expect(Deno.memoryUsage().rss - before).toBeLessThan(256 * MIB);
});

apiTest(
  "row 14: senders that never finish keep nobody else waiting, and what they sent is not kept",
  async ({ api, kept }) => {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, api.fetch);
    const slow: Deno.Conn[] = [];
    try {
      const { port } = server.addr;
      for (let number = 0; number < 50; number++) {
        const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
        const head = `POST ${PATH} HTTP/1.1\r\nhost: x\r\nauthorization: ${SECRET}\r\ncontent-length: 1000\r\n\r\n[`;
        await connection.write(new TextEncoder().encode(head));
        slow.push(connection);
      }
      const times: number[] = [];
      for (let number = 0; number < 20; number++) {
        const started = performance.now();
        const response = await fetch(`http://127.0.0.1:${port}${PATH}`, {
          method: "POST",
          headers: { authorization: SECRET },
          body: "[]",
        });
        expect(await response.json()).toMatchObject({ received: 0 });
        times.push(performance.now() - started);
      }
      // The sender waits for a second.
      expect(Math.max(...times)).toBeLessThan(1000);
    } finally {
      for (const connection of slow) connection.close();
      await server.shutdown();
    }
    // The same body twenty times is one delivery.
    expect(await kept()).toEqual([new TextEncoder().encode("[]")]);
  },
);

apiTest("row 15: a body that nests too deep is kept, and quarantined unparsed", async ({ post, kept }) => {
  const deep = new TextEncoder().encode(`${"[".repeat(5_000_000)}${"]".repeat(5_000_000)}`);
  const within = new TextEncoder().encode(
    `[${JSON.stringify(deposit).slice(0, -1)},"x":${"[".repeat(9_000)}${"]".repeat(9_000)}}]`,
  );
  expect(await (await post(deep)).json()).toMatchObject({ results: [{ outcome: "quarantined", code: "too_deep" }] });
  expect(await (await post(within)).json()).toMatchObject({ applied: 1 });
  expect((await kept()).map(({ length }) => length)).toEqual([deep.length, within.length]);
});

apiTest(
  "rows 16, 17: the JSON test suite's documents are kept byte for byte, alone and beside a transaction",
  async ({ post, kept, sql }) => {
    const documents = jsonDocuments();
    const bodies = documents.map(({ body }) => body);
    // All that a transaction can hold and be read, in one.
    const readable = documents.filter(({ name, body }) => name.startsWith("y_") && body.length < 1000);
    const strings = readable.map(({ body }, number) => `"document ${number}":${new TextDecoder().decode(body)}`);
    bodies.push(new TextEncoder().encode(`[${JSON.stringify(deposit).slice(0, -1)},${strings.join()}}]`));
    const different = bodies.filter((body, i) => bodies.findIndex((other) => sameBytes(body, other)) === i);
    for (const body of different) {
      const response = await post(body);
      expect([new TextDecoder().decode(body.slice(0, 60)), response.status]).toEqual([expect.anything(), 200]);
      const { quarantined, applied, received } = await response.json();
      expect(quarantined + applied).toBe(received);
    }
    const stored = await kept();
    expect(stored.length).toBe(different.length);
    expect(stored.filter((body, i) => !sameBytes(body, different[i] ?? body.slice(1)))).toEqual([]);
    expect(await vaultBalances(sql, alice)).toEqual(["5", "0", "5", "5", "0"]);
  },
);

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

const TYPES = [
  "application/json",
  "application/json; charset=utf-16",
  "text/plain",
  "text/html",
  "application/xml",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/octet-stream",
  "application/cbor",
  "nonsense",
];

apiTest(
  "row 18: POST is taken whatever its type says, and any other method is answered with 405",
  async ({ api, post, kept }) => {
    for (const type of TYPES) {
      for (const method of ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"]) {
        const body = ["GET", "HEAD"].includes(method) ? null : bodyOf(deposit);
        const response = await api.request(PATH, {
          method,
          body,
          headers: { authorization: SECRET, "content-type": type },
        });
        expect([method, type, response.status, response.headers.get("allow")]).toEqual([method, type, 405, "POST"]);
      }
      const body = bodyOf(rawTransaction({ signature: signature(type), logs: logOf() }));
      const response = await post(body, { "content-type": type });
      expect([type, response.status, await response.json()]).toMatchObject([type, 200, { ignored: 1 }]);
      expect((await post(body, { "content-type": type, authorization: "wrong" })).status).toBe(401);
    }
    expect((await kept()).length).toBe(TYPES.length);
  },
);

apiTest("row 18: a body that came compressed is kept as it came, and quarantined", async ({ post, kept }) => {
  const packed = new Response(new Blob([bodyOf(deposit)]).stream().pipeThrough(new CompressionStream("gzip")));
  const body = new Uint8Array(await packed.arrayBuffer());
  const response = await post(body, { "content-encoding": "gzip" });
  expect(await response.json()).toMatchObject({ results: [{ outcome: "quarantined", code: "not_utf8" }] });
  expect(await kept()).toEqual([body]);
});
