/**
 * Every example, run as the README prints it: by its command line, against the platform, by a trader with a vault and by one without.
 *
 * @module
 */
import { expect } from "expect";
import { ed25519 } from "@noble/curves/ed25519.js";
import bs58 from "bs58";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";
import { events, key, logOf, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";
import { PROJECT } from "@/tests/support/running_instance.ts";

const seed = crypto.getRandomValues(new Uint8Array(32));
const address = bs58.encode(ed25519.getPublicKey(seed));
/** As wallets export it. */
const wallet = bs58.encode(new Uint8Array([...seed, ...ed25519.getPublicKey(seed)]));

const LARGE = 20_000_000_000n;
/** How long an example may take that goes on by itself: two cores are shared by the whole suite. */
const PATIENCE_MS = 60_000;
/** Of base units, where JavaScript's numbers have gaps. */
const WHOLE = 9_007_199_254_740_993n;

/** A vault with 25 rows, and somebody else's. */
async function openBook(): Promise<TestPlatform> {
  const platform = await openTestPlatform();
  const steps = Array.from({ length: 24 }, (_, i) => BigInt(i + 1));
  await platform.deliver(
    rawTransaction({ slot: 1, logs: logOf(events.initialise(address), events.initialise(key("bob"))) }),
    rawTransaction({ signature: signature("w"), slot: 2, logs: logOf(events.deposit(address, WHOLE, WHOLE)) }),
    rawTransaction({ signature: signature("b"), slot: 2, logs: logOf(events.deposit(key("bob"), LARGE, LARGE)) }),
    ...steps.map((i) =>
      rawTransaction({
        signature: signature(`d${i}`),
        slot: Number(i) + 2,
        logs: logOf(events.deposit(address, 1n, WHOLE + i)),
      })
    ),
  );
  await platform.database.admin`select vaultbook.take_tvl(now())`;
  return platform;
}

/**
 * Runs the line that the README prints for an example, with this platform's address and key, and gives what it says; killed as soon
 * as it has said `enough`.
 */
async function run(example: string, platform: TestPlatform, own: string, enough?: RegExp): Promise<string> {
  const readme = await Deno.readTextFile(new URL("README.md", PROJECT));
  const line = new RegExp(`deno run (-A examples/${example} .*?)( *#.*)?$`, "m").exec(readme)?.[1];
  const shown = /^(\S+ \S+) (http:\/\/127\.0\.0\.1:54321) (sb_publishable_…) \S+$/.exec(line ?? "");
  if (!shown) throw new Error(`The README does not say how to run ${example}`);
  const args = ["run", "--quiet", ...(shown[1] ?? "").split(" "), platform.url, platform.publishable, own];
  const child = new Deno.Command(Deno.execPath(), {
    args: args.filter((one) => one !== ""),
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const complaint = new Response(child.stderr).text();
  let said = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (enough?.test(said)) {
      child.kill("SIGKILL");
      break;
    }
  }
  const { code } = await child.status;
  clearTimeout(patience);
  if (enough) expect([example, said]).toEqual([example, expect.stringMatching(enough)]);
  if (!enough) expect([example, code, await complaint]).toEqual([example, 0, ""]);
  await complaint;
  return said;
}

Deno.test("each example does as the README says", async (test) => {
  const platform = await openBook();
  try {
    await test.step("sign_in.ts shows whom row security sees", async () => {
      expect(await run("sign_in.ts", platform, wallet)).toBe(
        `Signed in as ${address}\nwallet_address in the token: ${address}\nVaults that I see: 1\n`,
      );
      const stranger = await run("sign_in.ts", platform, "");
      expect(stranger).toMatch(/^Signed in as (\w+)\nwallet_address in the token: \1\nVaults that I see: 0\n$/);
    });
    await test.step("balances.ts shows amounts to the last base unit, also above 2^53", async () => {
      const said = await run("balances.ts", platform, wallet);
      expect(said).toContain("active: 9007199254.741017 USDT, 9007199254.741017 available\nIt adds up: true\n");
      expect(said).toMatch(/^20\S+ {2}9007199254\.741017 USDT$/m);
      expect(said).toMatch(/^9007219254\.741017 USDT in 2 vaults$/m);
      expect(await run("balances.ts", platform, "")).toMatch(/^No vault yet\n.* USDT in 2 vaults\n$/);
    });
    await test.step("ledger_page.ts shows every row once, page by page", async () => {
      const said = await run("ledger_page.ts", platform, wallet);
      expect(said.match(/^Page \d$/gm)).toEqual(["Page 1", "Page 2"]);
      const rows = said.split("\n").filter((line) => line.startsWith("deposit"));
      expect(rows.map((row) => Number(row.split(" ").at(-1)))).toEqual(Array.from({ length: 25 }, (_, i) => 26 - i));
      expect(rows.at(-1)).toMatch(/^deposit +9007199254740993 +9007199254740993 {2}confirmed 2$/);
    });
    await test.step("live_alerts.ts shows what was, and what comes", async () => {
      const coming = raiseUntilHeard(platform);
      const said = await run(
        "live_alerts.ts",
        platform,
        wallet,
        /(?=[^]*failed_tx: Something failed\n)(?=[^]*info large_tx)(?=[^]*Listening to the alerts of)/,
      );
      await coming.stop();
      expect(said).toMatch(/^info large_tx: .+$/m);
      expect(said).toContain(`Listening to the alerts of ${address}\n`);
    });
    await test.step("own_vault.ts is all of it", async () => {
      const said = await run(
        "own_vault.ts",
        platform,
        wallet,
        /(?=[^]*Listening to my vault: SUBSCRIBED\n)(?=[^]*Alert: .+\n)/,
      );
      expect(said).toContain('total_balance: "9007199254741017"');
    });
  } finally {
    await platform.close();
  }
});

Deno.test("the README prints the command line of every example", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", PROJECT));
  for await (const { name } of Deno.readDir(new URL("examples/", PROJECT))) {
    if (!name.endsWith(".ts") || name === "database.types.ts") continue;
    expect([name, readme.includes(`deno run -A examples/${name} `)]).toEqual([name, true]);
  }
});

/** An alert, again and again, so that one of them comes while somebody listens. */
function raiseUntilHeard(platform: TestPlatform): { stop(): Promise<void> } {
  let isOver = false;
  const raising = (async (): Promise<void> => {
    for (let number = 0; !isOver; number++) {
      await platform.database.admin`
        select vaultbook.raise_alerts(array[row ('failed_tx', ${`tx ${number}`}, ${address}, 'Something failed', '{}')::vaultbook.occurrence])`;
      await new Promise((resume) => setTimeout(resume, 300));
    }
  })();
  return { stop: async () => await (isOver = true, raising) };
}
