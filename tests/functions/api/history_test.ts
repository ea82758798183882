import { expect } from "expect";
import { takeSnapshots, takeTvl } from "@/lib/ledger/snapshots.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { apiTest, ownerOf, SERVICE, type TestApi } from "@/tests/support/api.ts";
import { events, key, logOf, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";

const [alice, bob] = [key("alice"), key("bob")];
const NOON = Date.parse("2026-11-20T12:00:00Z");

/** So many minutes after noon. */
function at(minutes: number): string {
  return new Date(NOON + minutes * 60_000).toISOString();
}

/** Deposits of 10 at 12:00, 12:30, 13:00 …; after each of them snapshots of all, five minutes later. */
async function openBook(api: TestApi, deposits: number): Promise<void> {
  const database = openDatabase(api.url);
  try {
    await api.deliver(
      rawTransaction({
        slot: 1,
        blockTime: NOON / 1000 - 60,
        logs: logOf(events.initialise(alice), events.initialise(bob)),
      }),
    );
    for (let i = 0; i < deposits; i++) {
      await api.deliver(rawTransaction({
        signature: signature(`d${i}`),
        slot: i + 2,
        blockTime: NOON / 1000 + i * 1800,
        logs: logOf(events.deposit(alice, 10n, BigInt(10 * (i + 1)))),
      }));
      await takeSnapshots(database, "periodic", at(30 * i + 5));
      await takeTvl(database, at(30 * i + 5));
    }
  } finally {
    await database.close();
  }
}

apiTest("GET /api/tvl tells everybody what all vaults hold now", async (api) => {
  await openBook(api, 2);
  const { status, body, headers } = await api.ask("/tvl");
  expect([status, body]).toEqual([200, {
    total_value_locked: "20",
    total_locked: "0",
    total_available: "20",
    active_vaults: 2,
  }]);
  expect(headers.get("cache-control")).toBe("public, max-age=5");
});

apiTest(
  "GET /api/tvl/history gives all snapshots, or the last of each hour or day, in parts if they are many",
  async (api) => {
    await openBook(api, 5);
    const history = async (query: string): Promise<[string[], string | null]> => {
      const { status, body } = await api.ask(`/tvl/history?from=${at(0)}&to=${at(24 * 60)}&${query}`);
      expect(status).toBe(200);
      const minutes = body.points.map((point: Record<string, string>) =>
        `${(Date.parse(point.timestamp ?? "") - NOON) / 60_000}: ${point.total_value_locked}`
      );
      return [minutes, body.next_from];
    };
    const all = ["5: 10", "35: 20", "65: 30", "95: 40", "125: 50"];
    expect(await history("interval=raw")).toEqual([all, null]);
    expect(await history("interval=hour")).toEqual([["35: 20", "95: 40", "125: 50"], null]);
    expect(await history("")).toEqual(await history("interval=hour"));
    expect(await history("interval=day")).toEqual([["125: 50"], null]);
    const walked = [];
    let from: string | null = at(0);
    while (from !== null) {
      const { body }: { body: { points: { total_value_locked: string }[]; next_from: string | null } } = await api.ask(
        `/tvl/history?from=${encodeURIComponent(from)}&to=${at(24 * 60)}&interval=raw&limit=2`,
      );
      walked.push(...body.points.map((point) => point.total_value_locked));
      from = body.next_from;
    }
    expect(walked).toEqual(["10", "20", "30", "40", "50"]);
    const backwards = await api.ask(`/tvl/history?from=${at(1)}&to=${at(0)}`);
    expect([backwards.status, backwards.body.error.details.field]).toEqual([400, "from"]);
  },
);

apiTest("GET /api/vaults/:owner/snapshots gives the owner's own", async (api) => {
  await openBook(api, 3);
  const points = async (query: string, headers: HeadersInit): Promise<[number, unknown]> => {
    const { status, body } = await api.ask(`/vaults/${alice}/snapshots?from=${at(0)}&to=${at(600)}&${query}`, headers);
    return [status, body.error?.code ?? body.points.map((point: Record<string, string>) => point.total_balance)];
  };
  const owner = await ownerOf(alice);
  expect(await points("interval=raw&type=periodic", owner)).toEqual([200, ["10", "20", "30"]]);
  expect(await points("interval=hour&type=periodic", SERVICE)).toEqual([200, ["20", "30"]]);
  expect(await points("interval=raw&type=daily_summary", owner)).toEqual([200, []]);
  expect(await points("", await ownerOf(bob))).toEqual([403, "forbidden"]);
  expect(await points("", {})).toEqual([401, "unauthorized"]);
  const unknown = await api.ask(`/vaults/${key("nobody")}/snapshots`, SERVICE);
  expect([unknown.status, unknown.body.error.code]).toEqual([404, "vault_unknown"]);
});

apiTest("GET /api/vaults/:owner/balance tells what the vault held at an instant", async (api) => {
  await openBook(api, 3);
  const balance = async (time: string): Promise<[string, number | null]> => {
    const { status, body } = await api.ask(
      `/vaults/${alice}/balance?at=${encodeURIComponent(time)}`,
      await ownerOf(alice),
    );
    expect([status, body.owner, body.at]).toEqual([200, alice, time]);
    return [body.total_balance, body.slot];
  };
  expect(await balance(at(-1))).toEqual(["0", null]);
  expect(await balance(at(0))).toEqual(["10", 2]);
  expect(await balance(at(29))).toEqual(["10", 2]);
  expect(await balance("2026-11-20T14:30:00+02:00")).toEqual(["20", 3]);
  const now = await api.ask(`/vaults/${alice}/balance`, SERVICE);
  expect([now.body.total_balance, now.body.available_balance, now.body.locked_balance]).toEqual(["30", "30", "0"]);
  expect((await api.ask(`/vaults/${alice}/balance`, await ownerOf(bob))).status).toBe(403);
  expect((await api.ask(`/vaults/${key("nobody")}/balance`, SERVICE)).body.error.code).toBe("vault_unknown");
});
