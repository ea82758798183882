/**
 * The ledger against a chain that shares no code with it: what the demo chain's program holds, the book must hold.
 *
 * @module
 */
import { expect } from "expect";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants, openAlerts, wholeBook } from "@/tests/support/ledger_state.ts";
import { bodyOf } from "@/tests/support/raw_delivery.ts";
import { batches, chosenSeed, generator, shuffled } from "@/tests/support/seeded.ts";
import { openTestChain, type TestChain } from "@/tests/supabase/local/support/demo_chain.ts";

const program = compileProgram(DEMO_PROGRAM, idl, mapping);
const TRANSACTIONS = 400;

/** Delivers these batches of raw items to an empty book, `writers` at a time; gives the book and what became of each. */
async function deliver(deliveries: Iterable<unknown[]>, writers = 1): Promise<Delivered> {
  const database = await openTestDatabase();
  const connection = openDatabase(database.url, { max: writers });
  const settlements: Settlement[] = [];
  const waiting = deliveries[Symbol.iterator]();
  const write = async (): Promise<void> => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      const body = bodyOf(...next.value);
      settlements.push(
        ...await ingest(connection, { source: "webhook", body, transactions: readDelivery(body, program) }),
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: writers }, write));
    expect(await brokenInvariants(database.admin)).toEqual([]);
    // Gaps open while something is missing, and close when it comes.
    expect((await openAlerts(database.admin)).filter((line) => line.startsWith("gap_detected"))).toEqual([]);
    const vaults = await database.admin<{ line: string }[]>`
      select concat_ws(' ', owner, vault_address, token_account, total_balance, locked_balance, available_balance,
                       total_deposited, total_withdrawn) as line
        from public.vaults order by owner collate "C"`;
    // A backend tells of its deadlocks at the latest when it ends.
    await connection.close();
    const [stat] = await database.admin`select deadlocks from pg_stat_database where datname = current_database()`;
    return {
      book: await wholeBook(database.admin),
      vaults: vaults.map(({ line }) => line),
      settlements,
      deadlocks: Number(stat?.deadlocks),
    };
  } finally {
    await connection.close();
    await database.close();
  }
}

interface Delivered {
  readonly book: string[];
  readonly vaults: string[];
  readonly settlements: Settlement[];
  /** Deadlocks that PostgreSQL had to end. */
  readonly deadlocks: number;
}

/** The chain's vault accounts, as the lines of {@link deliver}. */
function vaultsOnChain(chain: TestChain): string[] {
  return [...chain.chain().state().vaults.values()].map((vault) =>
    [
      ...[vault.owner, vault.address, vault.tokenAccount, vault.total, vault.locked, vault.total - vault.locked],
      ...[vault.totalDeposited, vault.totalWithdrawn],
    ].join(" ")
  ).sort();
}

Deno.test("the book holds what the chain's vault accounts hold, in order, or shuffled with repetitions by one writer or 16", async () => {
  const seed = chosenSeed();
  const random = generator(seed);
  const chain = openTestChain({ seed: `oracle ${seed}`, count: TRANSACTIONS, traders: 6 });
  try {
    const items = Array.from({ length: TRANSACTIONS }, (_, number) => rawItem(chain.chain().render(number)));
    const inOrder = await deliver(batches(items, 20, random));
    expect([`seed ${seed}`, ...inOrder.vaults]).toEqual([`seed ${seed}`, ...vaultsOnChain(chain)]);
    const outcomes = new Set(inOrder.settlements.map(({ outcome }) => outcome));
    expect([`seed ${seed}`, outcomes.has("parked"), outcomes.has("quarantined"), outcomes.has("conflict")])
      .toEqual([`seed ${seed}`, false, false, false]);
    // The run is worth something only if the chain really did all of this.
    const did = inOrder.book.join("\n");
    for (const type of ["deposit", "withdrawal", "lock", "unlock", "transfer_in", "transfer_out", "fee", "failed"]) {
      expect([`seed ${seed}`, type, did.includes(` ${type} `)]).toEqual([`seed ${seed}`, type, true]);
    }

    const repeated = items.filter(() => random() < 0.5);
    const disordered = await deliver(batches(shuffled([...items, ...repeated], random), 20, random));
    expect([`seed ${seed}`, ...disordered.book]).toEqual([`seed ${seed}`, ...inOrder.book]);
    expect(disordered.settlements.filter(({ outcome }) => outcome === "duplicate")).toHaveLength(repeated.length);

    const crowded = await deliver(batches(shuffled([...items, ...repeated], random), 20, random), 16);
    expect([`seed ${seed}`, ...crowded.book]).toEqual([`seed ${seed}`, ...inOrder.book]);
    expect([`seed ${seed}`, crowded.deadlocks]).toEqual([`seed ${seed}`, 0]);
  } finally {
    chain.close();
  }
});
