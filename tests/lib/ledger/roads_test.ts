/**
 * The roads by which a transaction can come: raw by webhook, as a node answers, enhanced, without its log. All of them end in the same book.
 *
 * @module
 */
import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import { nodeTransaction, rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { enhancedOf } from "@/tests/support/enhanced_delivery.ts";
import { brokenInvariants, wholeBook } from "@/tests/support/ledger_state.ts";
import { bodyOf } from "@/tests/support/raw_delivery.ts";
import { batches, chosenSeed, generator } from "@/tests/support/seeded.ts";
import { openTestChain, type TestChain } from "@/tests/supabase/local/support/demo_chain.ts";

const program = compileProgram(DEMO_PROGRAM, idl, mapping);
const TRANSACTIONS = 150;

type Road = (chain: TestChain, number: number) => unknown;

const raw: Road = (chain, number) => rawItem(chain.chain().render(number));
const node: Road = (chain, number) => nodeTransaction(chain.chain().render(number), true);
const enhanced: Road = (chain, number) => enhancedOf(rawItem(chain.chain().render(number)));
const enhancedInPlace: Road = (chain, number) => {
  const item = rawItem(chain.chain().render(number));
  return { ...enhancedOf(item), transactionIndex: item.indexWithinBlock };
};
const withoutLog: Road = (chain, number) => {
  const item = rawItem(chain.chain().render(number));
  return { ...item, meta: { ...item.meta, logMessages: null } };
};
const truncated: Road = (chain, number) => {
  const item = rawItem(chain.chain().render(number));
  const logMessages = [...item.meta.logMessages.slice(0, number % item.meta.logMessages.length), "Log truncated"];
  return { ...item, meta: { ...item.meta, logMessages } };
};

/** Delivers the whole chain by these roads, one after the other, to an empty book. Gives the book, digests included, and the outcomes. */
async function deliver(
  chain: TestChain,
  random: () => number,
  ...roads: Road[]
): Promise<{ book: string[]; outcomes: Record<string, number> }> {
  const database = await openTestDatabase();
  const connection = openDatabase(database.url, { max: 1 });
  const outcomes: Record<string, number> = {};
  try {
    for (const road of roads) {
      const items = Array.from({ length: TRANSACTIONS }, (_, number) => road(chain, number));
      for (const batch of batches(items, 20, random)) {
        const body = bodyOf(...batch);
        const source = "webhook";
        for (
          const { outcome, code } of await ingest(connection, {
            source,
            body,
            transactions: readDelivery(body, program),
          })
        ) {
          const name = code ? `${outcome} ${code}` : outcome;
          outcomes[name] = (outcomes[name] ?? 0) + 1;
        }
      }
    }
    expect(await brokenInvariants(database.admin)).toEqual([]);
    const digests = await database.admin<{ line: string }[]>`
      select concat_ws(' ', signature, outcome, code, encode(content_sha256, 'hex')) as line
        from vaultbook.inbox order by line`;
    return { book: [...(await wholeBook(database.admin)), ...digests.map(({ line }) => line)], outcomes };
  } finally {
    await connection.close();
    await database.close();
  }
}

/** The book without the post-balances that only logs tell. */
function withoutStated(book: readonly string[]): string[] {
  const signature = / [1-9A-HJ-NP-Za-km-z]{80,88}/;
  return book.map((line) => {
    const at = line.search(signature);
    const isRow = / (deposit|withdrawal|lock|unlock|transfer_in|transfer_out|fee) /.test(line);
    // Nine columns stand before total_after and locked_after.
    return isRow && at > 0 ? line.slice(0, at).split(" ").slice(0, 9).join(" ") + line.slice(at) : line;
  });
}

Deno.test("the same transactions raw, by RPC, enhanced, or without their logs end in the same rows", async () => {
  const seed = chosenSeed();
  const random = generator(seed);
  const chain = openTestChain({ seed: `roads ${seed}`, count: TRANSACTIONS, traders: 4 });
  try {
    const expected = await deliver(chain, random, raw);
    expect(expected.outcomes.applied ?? 0).toBeGreaterThan(TRANSACTIONS / 3);
    expect([`seed ${seed}`, (await deliver(chain, random, node)).book]).toEqual([`seed ${seed}`, expected.book]);
    for (const road of [enhancedInPlace, withoutLog, truncated]) {
      const { book, outcomes } = await deliver(chain, random, road);
      expect([`seed ${seed}`, withoutStated(book)]).toEqual([`seed ${seed}`, withoutStated(expected.book)]);
      expect([`seed ${seed}`, outcomes]).toEqual([`seed ${seed}`, expected.outcomes]);
    }
    // Whatever comes after by another road is known already, and is no conflict.
    const again = await deliver(chain, random, withoutLog, raw, enhancedInPlace, node);
    expect([`seed ${seed}`, withoutStated(again.book)]).toEqual([`seed ${seed}`, withoutStated(expected.book)]);
    expect(again.outcomes.duplicate).toBe(3 * TRANSACTIONS);
  } finally {
    chain.close();
  }
});

Deno.test("an enhanced delivery without its place waits, and the sweep completes it to the very same book", async () => {
  const seed = chosenSeed();
  const random = generator(seed);
  const chain = openTestChain({ seed: `waiting ${seed}`, count: TRANSACTIONS, traders: 4 });
  try {
    const expected = await deliver(chain, random, raw);
    const { book, outcomes } = await deliver(chain, random, enhanced, node);
    expect([`seed ${seed}`, outcomes["parked position_unknown"], book])
      .toEqual([`seed ${seed}`, (expected.outcomes.applied ?? 0) + (expected.outcomes.failed ?? 0), expected.book]);
    expect(outcomes).not.toHaveProperty("conflict signature_has_other_content");
  } finally {
    chain.close();
  }
});
