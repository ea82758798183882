/**
 * Row 54: an address that another owner opens anew, where the webhook tells only a part of it and in the wrong order.
 *
 * @module
 */
import { expect } from "expect";
import { sweep } from "@/functions/sweep/sweep.ts";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { bookTest } from "@/tests/support/book.ts";
import { ledgerOf, vaultBalances } from "@/tests/support/ledger_state.ts";
import { bodyOf, encode, events, key, logOf, PROGRAM, rawTransaction, vaultOf } from "@/tests/support/raw_delivery.ts";
import { scriptedNode, type Written } from "@/tests/support/scripted_node.ts";

const [alice, heir] = [key("alice"), key("heir")] as [string, string];
const { vault, tokenAccount } = vaultOf(alice);
const TIME = { i64: 1_700_000_000n };

const inherited = {
  initialise: encode("cbd65b05b9f8c095", [{ pk: heir }, { pk: vault }, { pk: tokenAccount }, TIME]),
  deposit: encode("78f83d531f8e6b90", [{ pk: heir }, { pk: vault }, { u64: 7n }, { u64: 7n }, TIME]),
};

/** Of a program that does not derive its vaults from their owners: else nobody could ever inherit one. */
const history: Written[] = [
  events.initialise(alice),
  events.deposit(alice, 10n, 10n),
  events.withdraw(alice, 10n, 0n),
  inherited.initialise,
  inherited.deposit,
].map((event, i) => rawTransaction({ slot: 100 + i, logs: logOf(event) }));

for (const heard of [[], [0, 1, 4], [4, 2], [3, 4]]) {
  bookTest(
    `row 54: each owner of an address has what is the owner's own, when the webhook told ${heard.length} of 5`,
    async ({ database, sql }) => {
      const program = compileProgram(PROGRAM, idl, { ...mapping, vault_seeds: null });
      for (const number of heard) {
        const body = bodyOf(history[number]);
        await ingest(database, { source: "webhook", body, transactions: readDelivery(body, program) });
      }
      const report = await sweep({ database, program, nodes: [scriptedNode(history, 200)], now: () => 0 });
      expect([report.status, report.message, report.counts.rolled_back]).toEqual(["done", undefined, 0]);
      expect(await vaultBalances(sql, alice)).toEqual(["0", "0", "0", "10", "10"]);
      expect(await vaultBalances(sql, heir)).toEqual(["7", "0", "7", "7", "0"]);
      expect((await ledgerOf(sql, alice)).filter((line) => line.includes("confirmed")).length).toBe(2);
      expect((await ledgerOf(sql, heir)).filter((line) => line.includes("confirmed")).length).toBe(1);
      const [{ open } = { open: -1 }] = await sql`
      select count(*)::integer as open from public.transactions where rolled_back_at is null and finalized_at is null`;
      expect(open).toBe(0);
    },
  );
}
