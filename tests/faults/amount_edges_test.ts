/**
 * Row 19: amounts at the edge of what JavaScript's numbers, the ledger and the chain can hold, all the way from the webhook's bytes
 * to the text that a client reads.
 *
 * @module
 */
import { expect } from "expect";
import type { SupabaseClient } from "@supabase/supabase-js";
import { openTestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";
import {
  encode,
  events,
  key,
  logOf,
  PROGRAM,
  rawTransaction,
  signature,
  vaultOf,
} from "@/tests/support/raw_delivery.ts";
import { openWebhook } from "@/tests/support/webhook.ts";

const MAX = 2n ** 63n - 1n;
const EDGES = [0n, 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, MAX - 1n, MAX, MAX + 1n, 2n ** 64n - 1n];

/** One amount in one field, on a vault of its own. */
interface Case {
  readonly owner: string;
  readonly other: string;
  readonly amount: bigint;
}

/** An amount field of the program's: what happens before, the event that holds the amount, the row that it makes. */
type Field = readonly [
  name: string,
  before: (one: Case) => Uint8Array[],
  event: (one: Case) => Uint8Array,
  row: (amount: bigint) => string,
];

const { initialise, deposit, withdraw, lock, unlock, transfer } = events;
const opened = ({ owner, other }: Case): Uint8Array[] => [initialise(owner), initialise(other)];
/** Holds the amount, as far as the ledger can. */
const holding = (one: Case): Uint8Array[] => {
  const held = one.amount > MAX ? MAX : one.amount;
  return [...opened(one), deposit(one.owner, held, held)];
};
const locked = (one: Case): Uint8Array[] => {
  const held = one.amount > MAX ? MAX : one.amount;
  return [...holding(one), lock(one.owner, held, held, 0n)];
};
/** Holds ten, four of them locked. */
const ten = (one: Case): Uint8Array[] => [...opened(one), deposit(one.owner, 10n, 10n), lock(one.owner, 4n, 4n, 6n)];

const FIELDS: readonly Field[] = [
  ["deposit.amount", opened, ({ owner, amount }) => deposit(owner, amount, amount), (a) => `deposit ${a} 0 ${a}`],
  ["withdraw.amount", holding, ({ owner, amount }) => withdraw(owner, amount, 0n), (a) => `withdrawal ${a} ${a} 0`],
  ["lock.amount", holding, ({ owner, amount }) => lock(owner, amount, amount, 0n), (a) => `lock ${a} ${a} 0`],
  ["unlock.amount", locked, ({ owner, amount }) => unlock(owner, amount, 0n, amount), (a) => `unlock ${a} 0 ${a}`],
  [
    "transfer.amount",
    holding,
    ({ owner, other, amount }) => transfer(owner, other, amount, 0),
    (a) => `transfer_out ${a} ${a} 0`,
  ],
  // What an event states beside its amount is a check and no source: it changes no row.
  ["deposit.new_balance", ten, ({ owner, amount }) => deposit(owner, 1n, amount), () => "deposit 1 10 11"],
  ["withdraw.remaining_balance", ten, ({ owner, amount }) => withdraw(owner, 1n, amount), () => "withdrawal 1 10 9"],
  ["lock.new_locked_balance", ten, ({ owner, amount }) => lock(owner, 1n, amount, 5n), () => "lock 1 6 5"],
  ["lock.new_available_balance", ten, ({ owner, amount }) => lock(owner, 1n, 5n, amount), () => "lock 1 6 5"],
  ["unlock.new_locked_balance", ten, ({ owner, amount }) => unlock(owner, 1n, amount, 7n), () => "unlock 1 6 7"],
  ["unlock.new_available_balance", ten, ({ owner, amount }) => unlock(owner, 1n, 3n, amount), () => "unlock 1 6 7"],
];

/** Instructions of failed transactions: discriminator, and the type of the row that tells of the attempt. */
const ATTEMPTS = [
  ["f223c68952e1f2b6", "deposit"],
  ["b712469c946da122", "withdrawal"],
] as const;

/** Runs a test on the whole platform. */
function platformTest(name: string, run: (platform: TestPlatform, service: SupabaseClient) => Promise<void>): void {
  Deno.test(name, async () => {
    const platform = await openTestPlatform();
    try {
      await run(platform, platform.client(platform.secret));
      expect(await brokenInvariants(platform.database.admin)).toEqual([]);
    } finally {
      await platform.close();
    }
  });
}

/** What a client reads of a transaction's rows of one owner: type, amount, before, after. */
async function readRows(client: SupabaseClient, of: string, owner: string): Promise<string[]> {
  const { data, error } = await client.from("vault_ledger")
    .select("transaction_type, amount, balance_before, balance_after").eq("signature", of).eq("vault_owner", owner);
  if (error) throw new Error(error.message);
  return data.map((row) => Object.values(row).join(" "));
}

platformTest(
  "row 19: every edge in every amount field comes out as exact text, or is quarantined",
  async (platform, service) => {
    const cases = FIELDS.flatMap(([name, before, event, row]) =>
      EDGES.map((amount) => {
        const label = `${name} = ${amount}`;
        return { label, amount, owner: key(label), other: key(`${label}, other`), before, event, row };
      })
    );
    const outcomes = new Map<unknown, unknown>();
    const delivered = cases.flatMap((one, number) => [
      rawTransaction({
        slot: 2 * number,
        signature: signature(`before ${one.label}`),
        logs: logOf(...one.before(one)),
      }),
      rawTransaction({ slot: 2 * number + 1, signature: signature(one.label), logs: logOf(one.event(one)) }),
    ]);
    const { results } = await platform.deliver(...delivered) as {
      results: { signature: string; outcome: string; code?: string }[];
    };
    for (const { signature, outcome, code } of results) outcomes.set(signature, code ? `${outcome} ${code}` : outcome);
    for (const { label, amount, owner, row } of cases) {
      const isHeld = amount <= MAX;
      const expected = isHeld ? "applied" : "quarantined amount_out_of_range";
      expect([label, outcomes.get(signature(label))]).toEqual([label, expected]);
      expect([label, ...await readRows(service, signature(label), owner)]).toEqual([
        label,
        ...isHeld ? [row(amount)] : [],
      ]);
    }
    // Balances too; and what was stated, which the inbox keeps.
    const { data } = await service.from("vault_balances").select("owner, total_balance").like(
      "total_balance",
      "9223372036854775807",
    );
    expect(data?.map(({ owner }) => owner)).toContain(key(`deposit.amount = ${MAX}`));
    const [kept] = await platform.database.admin`
    select content #>> '{events,0,total_after}' as stated from vaultbook.inbox
     where signature = ${signature(`deposit.new_balance = ${MAX}`)}`;
    expect(kept?.stated).toBe(String(MAX));
  },
);

platformTest(
  "row 19: every edge in a failed transaction's instruction comes out as exact text, or makes no row",
  async (platform, service) => {
    const cases = ATTEMPTS.flatMap(([discriminator, type]) =>
      EDGES.map((amount) => ({ label: `${type} of ${amount}`, discriminator, type, amount }))
    );
    for (const [number, { label, discriminator, type, amount }] of cases.entries()) {
      const owner = key(label);
      const accounts = [
        owner,
        vaultOf(owner).vault,
        key("tokens"),
        vaultOf(owner).tokenAccount,
        key("authority"),
        key("token"),
      ];
      const { results } = await platform.deliver(
        rawTransaction({ slot: 2 * number, signature: signature(`before ${label}`), logs: logOf(initialise(owner)) }),
        rawTransaction({
          slot: 2 * number + 1,
          signature: signature(label),
          err: { InstructionError: [0, { Custom: 6001 }] },
          calls: [{ program: PROGRAM, data: encode(discriminator, [{ u64: amount }]), accounts }],
        }),
      ) as { results: { outcome: string }[] };
      expect([label, ...results.map(({ outcome }) => outcome)]).toEqual([label, "applied", "failed"]);
      expect([label, ...await readRows(service, signature(label), owner)])
        .toEqual([label, ...amount <= MAX ? [`${type} ${amount} 0 0`] : []]);
    }
  },
);

/** Token balances as JSON holds them. */
const EXACT = ['"5"', '"9007199254740993"', '"9223372036854775808"', '"18446744073709551615"'];
const INEXACT = [
  ...[
    '"18446744073709551616"',
    '"99999999999999999999"',
    '"-1"',
    '"1.5"',
    '"1e3"',
    '"NaN"',
    '"0x10"',
    '" 1"',
    '""',
    '"٣"',
  ],
  ...["5", "1e400", "-0", "null", "[]"],
];

/** A delivery of one initialisation whose payload tells of these token balances. */
function withTokenBalances(label: string, pre: string, post: string): Uint8Array<ArrayBuffer> {
  const owner = key(label);
  const { vault, tokenAccount } = vaultOf(owner);
  const [before, after] = [4_711n, 4_712n];
  const item = JSON.stringify(rawTransaction({
    signature: signature(label),
    logs: logOf(initialise(owner)),
    tokenBalances: [{ account: tokenAccount, owner: vault, before, after }],
  }));
  const changed = item.replace(`"amount":"${before}"`, `"amount":${pre}`).replace(
    `"amount":"${after}"`,
    `"amount":${post}`,
  );
  return new TextEncoder().encode(`[${changed}]`);
}

Deno.test("row 19: a token balance is kept exactly; where it cannot be, on either side, it checks nothing", async () => {
  const database = await openTestDatabase();
  const webhook = openWebhook(database.url, { program: PROGRAM });
  const kept = async (pre: string, post: string): Promise<unknown> => {
    const label = `from ${pre} to ${post}`;
    expect([label, await webhook.send(withTokenBalances(label, pre, post))]).toMatchObject([label, { applied: 1 }]);
    const [row] = await database.admin`
      select content -> 'token_balances' as balances from vaultbook.inbox where signature = ${signature(label)}`;
    return [
      label,
      ...(row?.balances as { before: string; after: string }[]).map(({ before, after }) => [before, after]),
    ];
  };
  try {
    for (const exact of EXACT) {
      const amount = JSON.parse(exact);
      expect(await kept(exact, exact)).toEqual([`from ${exact} to ${exact}`, [amount, amount]]);
    }
    for (const inexact of INEXACT) {
      expect(await kept(inexact, '"7"')).toEqual([`from ${inexact} to "7"`]);
      expect(await kept('"7"', inexact)).toEqual([`from "7" to ${inexact}`]);
    }
    expect(await brokenInvariants(database.admin)).toEqual([]);
  } finally {
    await webhook.close();
    await database.close();
  }
});
