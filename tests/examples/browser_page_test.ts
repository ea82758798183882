/**
 * The browser example in a real browser, with a wallet as extensions bring them; supabase-js comes from the package here, not from where
 * the page's import map finds it.
 *
 * @module
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import bs58 from "bs58";
import { expect } from "expect";
import type { Page } from "playwright-core";
import { findChromium, launchBrowser } from "@/tests/support/browser.ts";
import { openTestPlatform } from "@/tests/support/platform.ts";
import { events, key, logOf, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";
import { PROJECT } from "@/tests/support/running_instance.ts";

const found = await findChromium();
const why = "reason" in found ? ` [ignored: ${found.reason}]` : "";

const LARGE = 20_000_000_000n;

Deno.test({
  name: `examples/browser: a wallet signs in and sees its vault, ledger and alerts change by themselves${why}`,
  ignore: "reason" in found,
  async fn(): Promise<void> {
    if ("reason" in found) return;
    const seed = crypto.getRandomValues(new Uint8Array(32));
    const address = bs58.encode(ed25519.getPublicKey(seed));
    const site = await serve();
    const platform = await openTestPlatform({ redirectUrls: [`${site.url}/**`] });
    const browser = await launchBrowser(found);
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      const module = await bundled();
      await page.route(
        "https://esm.sh/**",
        (route) =>
          route.fulfill({
            contentType: "text/javascript",
            headers: { "access-control-allow-origin": "*" },
            body: module,
          }),
      );
      await page.exposeFunction("signBytes", (bytes: number[]) => [...ed25519.sign(Uint8Array.from(bytes), seed)]);
      await page.addInitScript(WALLET.replaceAll("ADDRESS", address));
      await platform.deliver(
        rawTransaction({ slot: 1, logs: logOf(events.initialise(address), events.initialise(key("bob"))) }),
        rawTransaction({ signature: signature("b"), slot: 2, logs: logOf(events.deposit(key("bob"), LARGE, LARGE)) }),
        rawTransaction({ signature: signature("1"), slot: 3, logs: logOf(events.deposit(address, 5n, 5n)) }),
      );
      await page.goto(`${site.url}/?url=${platform.url}&key=${platform.publishable}`);
      await says(page, "#tvl", "20000.000005");
      await page.click("#sign-in");
      await says(page, "#total", "0.000005");
      await says(page, "#ledger", /^deposit0\.000005confirmed20\S+$/);
      await says(page, "#alerts", "");

      await platform.deliver(
        rawTransaction({ signature: signature("2"), slot: 4, logs: logOf(events.deposit(address, LARGE, LARGE + 5n)) }),
      );
      await says(page, "#total", "20000.000005");
      await says(page, "#ledger", /^deposit20000\.000000confirmed.*deposit0\.000005/);
      await says(page, "#alerts", /^info.*20.?000/);
      expect([await page.textContent("#problem"), complaints]).toEqual(["", []]);
    } finally {
      await browser.close();
      await platform.close();
      await site.close();
    }
  },
});

/** A wallet as an extension puts it into a page. */
const WALLET = `window.solana = {
  publicKey: { toBase58: () => "ADDRESS" },
  signMessage: async (message) => Uint8Array.from(await window.signBytes([...message])),
};`;

/** A static server, as its user would have one. */
async function serve(): Promise<{ url: string; close(): Promise<void> }> {
  const html = await Deno.readTextFile(new URL("examples/browser/index.html", PROJECT));
  const server = Deno.serve(
    { hostname: "localhost", port: 0, onListen: () => {} },
    () => new Response(html, { headers: { "content-type": "text/html" } }),
  );
  return { url: `http://localhost:${server.addr.port}`, close: () => server.shutdown() };
}

/** supabase-js for a browser, from the package. */
async function bundled(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/entry.ts`, 'export { createClient } from "@supabase/supabase-js";');
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--quiet",
        "--config",
        "deno.json",
        "--platform",
        "browser",
        "-o",
        `${folder}/supabase.js`,
        `${folder}/entry.ts`,
      ],
      cwd: PROJECT,
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return await Deno.readTextFile(`${folder}/supabase.js`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Waits until the element says just this. */
async function says(page: Page, element: string, wanted: string | RegExp): Promise<void> {
  for (const deadline = performance.now() + 10_000;;) {
    const text = (await page.textContent(element) ?? "").trim();
    if (typeof wanted === "string" ? text === wanted : wanted.test(text)) return;
    if (performance.now() > deadline) {
      throw new Error(`${element} says '${text}', not ${wanted}; the page: ${await page.textContent("#problem")}`);
    }
    await new Promise((resume) => setTimeout(resume, 50));
  }
}
