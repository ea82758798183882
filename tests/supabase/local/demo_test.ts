import { expect } from "expect";
import bs58 from "bs58";
import { ed25519 } from "@noble/curves/ed25519.js";
import { DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { type Demo, type DemoOptions, startDemo } from "@/supabase/local/demo/demo.ts";
import type { RawItem } from "@/supabase/local/demo/transaction_json.ts";
import { eventually } from "./support/eventually.ts";

/** A webhook that takes everything, and a folder for a demo that delivers to it. */
async function onStage(
  run: (start: (more?: Partial<DemoOptions>) => Promise<Demo>, received: RawItem[][]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "demo_" });
  const received: RawItem[][] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    received.push(await request.json());
    return Response.json({});
  });
  const start = (more: Partial<DemoOptions> = {}): Promise<Demo> =>
    startDemo({
      folder: `${folder}/demo`,
      seed: "stage",
      programId: DEMO_PROGRAM,
      mint: USDT_MINT,
      webhookUrl: `http://127.0.0.1:${server.addr.port}/`,
      webhookSecret: "secret",
      host: "127.0.0.1",
      rpcPort: 0,
      ratePerSecond: 0,
      owners: 3,
      ...more,
    });
  try {
    await run(start, received);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Asks the demo's RPC. */
async function ask<T>(demo: Demo, method: string, ...params: unknown[]): Promise<T> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return (await (await fetch(demo.rpcUrl, { method: "POST", body })).json()).result;
}

Deno.test("startDemo() delivers a history in a few batches, and RPC tells the same", () =>
  onStage(async (start, received) => {
    const demo = await start();
    try {
      await demo.caughtUp;
      expect(received.map((items) => items.length)).toEqual([20, 20, 20]);
      expect(demo.counters()).toEqual({ delivered: 3, retried: 0, lost: 0, transactions: 60 });
      const items = received.flat();
      const times = items.map(({ blockTime }) => blockTime);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(500);
      const delivered = items.flatMap(({ transaction }) => transaction.signatures[0] ?? []);
      const known = await ask<{ value: unknown[] }>(demo, "getSignatureStatuses", delivered, {
        searchTransactionHistory: true,
      });
      expect(known.value.every((status) => status !== null)).toBe(true);
    } finally {
      await demo.close();
    }
  }));

Deno.test("startDemo() gives owners whose vaults exist and whose keys are real", () =>
  onStage(async (start) => {
    const demo = await start();
    try {
      expect([demo.owners.length, demo.house.length, demo.programId]).toEqual([3, 2, DEMO_PROGRAM]);
      const everybody = [...demo.owners, ...demo.house];
      const addresses = everybody.map(({ vault }) => vault);
      const accounts = await ask<{ value: { data: string[] }[] }>(demo, "getMultipleAccounts", addresses, {
        commitment: "confirmed",
      });
      for (const [place, { address, exportKey }] of everybody.entries()) {
        const bytes = Uint8Array.fromBase64(accounts.value[place]?.data[0] ?? "");
        expect(bs58.encode(bytes.slice(8, 40))).toBe(address);
        const { secretKey, base58 } = exportKey();
        expect(bs58.decode(base58)).toEqual(secretKey);
        expect(bs58.encode(ed25519.getPublicKey(secretKey.slice(0, 32)))).toBe(address);
        expect(bs58.encode(secretKey.slice(32))).toBe(address);
      }
    } finally {
      await demo.close();
    }
  }));

Deno.test("startDemo() trades at its rate, and goes on with the same chain after a restart", () =>
  onStage(async (start, received) => {
    const first = await start({ history: 20, ratePerSecond: 50 });
    await eventually("live deliveries", () => received.flat().length >= 35);
    await first.close();
    const { transactions } = first.counters();
    const before = received.flat();
    expect(received.slice(1).every(({ length }) => length >= 1 && length <= 3)).toBe(true);

    received.length = 0;
    const second = await start({ history: 20 });
    try {
      await second.caughtUp;
      // What may have been on its way comes again, byte for byte, and nothing new before that.
      expect(second.counters()).toMatchObject({ lost: 0, transactions });
      const again = received.flat();
      expect(again.length).toBe(Math.min(40, transactions));
      expect(again.slice(-5)).toEqual(before.slice(-5));
      for (const item of before) {
        const options = { commitment: "confirmed", maxSupportedTransactionVersion: 1 };
        const told = await ask<RawItem>(second, "getTransaction", item.transaction.signatures[0], options);
        expect([told.slot, told.meta.logMessages]).toEqual([item.slot, item.meta.logMessages]);
      }
    } finally {
      await second.close();
    }
  }));

Deno.test("startDemo() initialises the vaults of owners that come later", () =>
  onStage(async (start) => {
    const first = await start({ history: 10 });
    await first.close();
    const second = await start({ history: 20, owners: 6 });
    try {
      const addresses = second.owners.map(({ vault }) => vault);
      const accounts = await ask<{ value: unknown[] }>(second, "getMultipleAccounts", addresses, {
        commitment: "confirmed",
      });
      expect(accounts.value.map((account) => account !== null)).toEqual([true, true, true, true, true, true]);
    } finally {
      await second.close();
    }
  }));

Deno.test("startDemo() goes on while the webhook is away, and counts what is lost", () =>
  onStage(async (start) => {
    const lines: string[] = [];
    const demo = await start({ webhookUrl: "http://127.0.0.1:1/", log: (line) => lines.push(line) });
    expect(await ask(demo, "getHealth")).toBe("ok");
    await demo.close();
    expect(demo.counters()).toMatchObject({ delivered: 0, lost: 1, transactions: 60 });
    expect(lines.length).toBe(1);
  }));

Deno.test("startDemo() leaves nothing open when its port is taken", () =>
  onStage(async (start) => {
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const rpcPort = taken.addr.port;
    try {
      await expect(start({ rpcPort })).rejects.toThrow();
    } finally {
      taken.close();
    }
  }));
