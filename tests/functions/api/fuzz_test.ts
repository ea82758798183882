/**
 * Random requests to every endpoint, for some seconds; for minutes it is `deno task fuzz --only api`. What it once found is named below.
 *
 * @module
 */
import { expect } from "expect";
import { fuzz } from "@/tasks/fuzz.ts";
import { api, type Requests } from "@/tasks/fuzz/api.ts";
import { apiTest, SERVICE } from "@/tests/support/api.ts";
import { events, key, logOf, rawTransaction } from "@/tests/support/raw_delivery.ts";

/** One round. Gives the exit code and what was said. */
async function run(shape: Partial<Requests>, seed: number): Promise<[number, string]> {
  const lines: string[] = [];
  const args = ["--minutes", "0.0001", "--seed", String(seed)];
  const code = await fuzz(args, { api: api(shape) }, (line) => lines.push(line));
  return [code, lines.join("\n")];
}

Deno.test("whatever is asked of the API, it answers as it says it does, and never with 5xx", async () => {
  const seed = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 32));
  const [code, said] = await run({ requests: 1500 }, seed);
  // deno-lint-ignore no-console -- what was asked, and how to ask it again
  console.log(`SEED=${seed} ${said.split("\n").at(-1)}`);
  expect([code, said]).toEqual([0, expect.stringContaining("1500 asked")]);
});

/** Mistakes that an API could make, and what is said of them. */
const PLANTED: Readonly<Record<string, [complaint: string, answer: Requests["answer"]]>> = {
  "a 500": [
    "A status that is none of ours",
    (response) => Promise.resolve(response.status === 404 ? withStatus(response, 500) : response),
  ],
  "another code than the endpoint's": [
    "must be equal to one of the allowed values",
    (response) => changed(response, 403, (text) => text.replace("forbidden", "vault_paused")),
  ],
  "an amount as a number": [
    "must be string",
    (response) => changed(response, 200, (text) => text.replace(/"total_balance":"(\d+)"/, '"total_balance":$1')),
  ],
  "another owner's row": [
    "Somebody else's is in it",
    (response) => changed(response, 200, (text) => text.replaceAll(key("alice"), key("bob"))),
  ],
  "an answer to nobody": [
    // By what it says or by whom it says it to, whichever endpoint comes first.
    "api found this",
    (response) => Promise.resolve(response.status === 401 ? withStatus(response, 200) : response),
  ],
};

for (const [mistake, [complaint, answer]] of Object.entries(PLANTED)) {
  Deno.test(`the fuzz of the API finds ${mistake}, and says how to repeat it`, async () => {
    const [code, said] = await run({ requests: 600, answer }, 11);
    expect([code, said]).toEqual([1, expect.stringContaining(complaint)]);
    expect(said).toMatch(/^To repeat it: deno task fuzz --only api --seed 11$/m);
  });
}

function withStatus({ body, headers }: Response, status: number): Response {
  return new Response(body, { status, headers });
}

async function changed(response: Response, status: number, change: (text: string) => string): Promise<Response> {
  return response.status === status
    ? withStatus(new Response(change(await response.text()), response), status)
    : response;
}

apiTest("a moment that the database would not take is refused by name: it was answered with 500", async (api) => {
  const alice = key("alice");
  await api.deliver(rawTransaction({ slot: 1, logs: logOf(events.initialise(alice)) }));
  const cursor = (position: unknown): string => btoa(JSON.stringify(position)).replace(/=+$/, "");
  const id = crypto.randomUUID();
  const refused = [
    [`/tvl/history?from=2026-11-20T12:00:00-23:59`, "from"],
    [`/vaults/${alice}/balance?at=2026-11-20T12:00:00%2B16:00`, "at"],
    [`/alerts?cursor=${cursor({ createdAt: "-1", id })}`, "cursor"],
    [`/alerts?cursor=${cursor({ createdAt: "0000-01-01T00:00:00Z", id })}`, "cursor"],
    [`/vaults/${alice}/transactions?cursor=${cursor({ at: "pending", createdAt: "June", id })}`, "cursor"],
  ];
  for (const [path, field] of refused) {
    const { status, body } = await api.ask(path ?? "", SERVICE);
    expect([path, status, body.error?.code, body.error?.details.field]).toEqual([
      path,
      400,
      "parameter_invalid",
      field,
    ]);
  }
  expect(api.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  expect((await api.ask(`/vaults/${alice}/balance?at=2026-11-20T12:00:00%2B15:59`, SERVICE)).status).toBe(200);
});
