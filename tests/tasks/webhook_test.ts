import { expect } from "expect";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { at, close, initialise } from "@/tests/support/book.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { type Helius, openHelius } from "@/tests/support/helius.ts";
import { key, PROGRAM, vaultOf } from "@/tests/support/raw_delivery.ts";

const API_KEY = "11111111-2222-3333-4444-555555555555";
const OWNERS = ["alice", "bob", "gone"].map(key);
const VAULTS = OWNERS.slice(0, 2).map((owner) => vaultOf(owner).vault);

/** An account of Helius, a book of two open vaults and a closed one, and the task. */
interface Desk {
  readonly helius: Helius;
  readonly database: TestDatabase;
  /** Runs the task; `secrets` is HELIUS_WEBHOOK_SECRETS. Both outputs, and the exit code. */
  run(args: string[], environment?: Record<string, string>): Promise<{ code: number; text: string }>;
  /** Open and resolved alerts of the webhook's registration. */
  alerts(): Promise<{ message: string; is_open: boolean }[]>;
}

function deskTest(name: string, work: (desk: Desk) => Promise<void>): void {
  Deno.test(name, async () => {
    const helius = openHelius(API_KEY);
    const database = await openTestDatabase();
    try {
      const ledger = openDatabase(database.url);
      const transactions = [
        ...OWNERS.map((owner, slot) => at(slot + 1, [initialise(owner)])),
        at(9, [close(OWNERS[2] ?? "")]),
      ];
      await ingest(ledger, { source: "webhook", body: new Uint8Array([91, 93]), transactions });
      await ledger.close();
      await work({
        helius,
        database,
        run: (args, environment = {}) => runTask(helius, database, args, environment),
        async alerts(): Promise<{ message: string; is_open: boolean }[]> {
          return [
            ...await database.admin<{ message: string; is_open: boolean }[]>`
            select message, resolved_at is null as is_open from public.alerts where alert_type = 'gap_detected' and subject = 'webhook'`,
          ];
        },
      });
    } finally {
      await helius.close();
      await database.close();
    }
  });
}

async function runTask(
  helius: Helius,
  database: TestDatabase,
  args: string[],
  environment: Record<string, string>,
): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("../../tasks/webhook.ts", import.meta.url).pathname, ...args],
    env: {
      ...{ HELIUS_API_KEY: API_KEY, HELIUS_API_URL: helius.url, HELIUS_WEBHOOK_SECRETS: "first,second" },
      ...{ VAULT_PROGRAM_ID: PROGRAM, SUPABASE_DB_URL: database.url, NO_COLOR: "1" },
      ...environment,
    },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  // Whatever is said, neither the key nor a secret is.
  for (const secret of [API_KEY, "first", "second"]) {
    if (!args.includes("--help") && text.includes(secret) && !text.includes(`${secret} of`)) {
      throw new Error(`A secret is told: ${text}`);
    }
  }
  return { code, text };
}

const url = (helius: Helius): string => `${helius.url}/functions/v1/api/webhooks/helius`;

deskTest("register makes the webhook once, check finds it well, and what changes is found and told", async (desk) => {
  const { helius, run, alerts } = desk;
  const here = ["--url", url(helius)];
  expect(await run(["check", ...here])).toEqual({ code: 1, text: "no webhook of the account delivers here\n" });
  expect((await run(["register", ...here, "--dry-run"])).text).toContain("Would make a webhook: 1 addresses, raw");
  expect(helius.webhooks.size).toBe(0);

  expect((await run(["register", ...here])).code).toBe(0);
  expect((await run(["register", ...here])).text).toContain("Changed webhook hook-1");
  expect([...helius.webhooks.values()]).toEqual([{
    ...{ webhookID: "hook-1", wallet: "owner", active: true, webhookURL: url(helius), webhookType: "raw" },
    ...{ transactionTypes: ["ANY"], txnStatus: "all", accountAddresses: [PROGRAM], authHeader: "first" },
  }]);
  expect((await run(["check", ...here])).code).toBe(0);
  expect((await alerts()).map(({ is_open }) => is_open)).toEqual([false]);
  expect((await run(["list", ...here])).text).toContain("* hook-1  raw  on  1 addresses");

  const sound = helius.webhooks.get("hook-1") ?? {};
  const wrong: [Record<string, unknown>, string][] = [
    [{ active: false }, "it is turned off"],
    [{ webhookType: "enhanced" }, "its type is enhanced, and not raw"],
    [{ authHeader: "stale" }, "none of HELIUS_WEBHOOK_SECRETS"],
    [{ transactionTypes: ["TRANSFER"] }, "it tells of TRANSFER only"],
    [{ txnStatus: "success" }, "with status success only"],
    [
      { accountAddresses: VAULTS.slice(0, 1) },
      `it misses 1 of 2 vaults, ${VAULTS.toSorted().find((v) => v !== VAULTS[0])}`,
    ],
    [{ accountAddresses: [...VAULTS, vaultOf(OWNERS[2] ?? "").vault] }, "it watches 1 addresses that are no vaults"],
  ];
  for (const [change, finding] of wrong) {
    helius.webhooks.set("hook-1", { ...sound, ...change });
    const { code, text } = await run(["check", ...here]);
    expect([code, text]).toEqual([1, expect.stringContaining(finding)]);
    expect(text.trim().split("\n").length).toBe(1);
  }
  helius.webhooks.set("hook-1", { ...sound, accountAddresses: VAULTS });
  expect((await alerts()).filter(({ is_open }) => is_open).map(({ message }) => message)).toEqual([
    expect.stringContaining("it watches 1 addresses that are no vaults"),
  ]);
  expect((await run(["check", ...here])).code).toBe(0);
  expect((await alerts()).filter(({ is_open }) => is_open)).toEqual([]);
  helius.webhooks.set("hook-9", { ...sound, webhookID: "hook-9" });
  expect((await run(["check", ...here])).text).toContain("2 webhooks deliver here");
});

deskTest(
  "rotate puts the first secret into use once the function accepts it, and changes nothing else",
  async ({ helius, run }) => {
    const here = ["--url", url(helius)];
    await run(["register", ...here, "--each-vault"], { HELIUS_WEBHOOK_SECRETS: "second" });
    expect(helius.webhooks.get("hook-1")?.accountAddresses).toEqual(VAULTS.toSorted());
    helius.accept("second");
    const refused = await run(["rotate", ...here]);
    expect([refused.code, refused.text]).toEqual([
      1,
      expect.stringContaining("The function refuses the first of HELIUS_WEBHOOK_SECRETS"),
    ]);
    expect(helius.webhooks.get("hook-1")?.authHeader).toBe("second");
    helius.accept("first", "second");
    expect((await run(["rotate", ...here, "--dry-run"])).text).toContain("Would put");
    const before = helius.webhooks.get("hook-1");
    expect((await run(["rotate", ...here])).code).toBe(0);
    expect(helius.webhooks.get("hook-1")).toEqual({ ...before, authHeader: "first" });
    expect((await run(["rotate", ...here])).text).toContain("in use already");
  },
);

deskTest(
  "What Helius refuses is said without the key; what may pass is asked again, and nothing is made twice",
  async ({ helius, run }) => {
    const here = ["--url", url(helius)];
    expect((await run(["list", ...here], { HELIUS_API_KEY: "another" })).text).toContain(
      "401: HELIUS_API_KEY is none of its keys",
    );
    helius.instead.push(() => new Response("slow down", { status: 429 }));
    expect((await run(["list", ...here])).text).toContain("The account has no webhook");
    helius.instead.push(() => Response.json([]), () => new Response("oops", { status: 502 }));
    expect((await run(["register", ...here])).text).toContain("refused POST /v0/webhooks with 502: it has trouble");
    expect(helius.calls.filter((call) => call.startsWith("POST")).length).toBe(1);
    helius.instead.push(() => Response.json([{ webhookID: 7 }]));
    expect((await run(["list", ...here])).text).toContain("in another form: 0.webhookID:");
    expect((await run(["list", ...here], { HELIUS_API_URL: "http://127.0.0.1:9" })).text).toContain(
      "Helius cannot be reached: GET http://127.0.0.1:9/v0/webhooks",
    );
  },
);

deskTest("What is not set, or not understood, is named, and nothing is asked", async ({ helius, run }) => {
  const here = ["--url", url(helius)];
  for (const name of ["HELIUS_API_KEY", "HELIUS_WEBHOOK_SECRETS", "VAULT_PROGRAM_ID"]) {
    expect(await run(["check", ...here], { [name]: "" })).toEqual({ code: 1, text: `${name} is not set\n` });
  }
  for (
    const args of [[], ["check"], ["destroy", ...here], ["check", "list", ...here], [
      "check",
      "--url",
      "http://example.com/",
    ], ["check", "--project-ref", "X"]]
  ) {
    expect((await run(args)).code).toBe(2);
  }
  expect((await run(["--help"])).text).toContain("deno task webhook register|list|check|rotate");
  expect(helius.calls).toEqual([]);
});
