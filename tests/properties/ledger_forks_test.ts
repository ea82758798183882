/**
 * The ledger against the auditor: random histories on a chain that forks, told in disorder to both.
 *
 * @module
 */
import { expect } from "expect";
import type { ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import { type Audit, openAudit } from "@/tests/support/model/audit.ts";
import { type Dice, diceOf } from "@/tests/support/model/dice.ts";
import { forked, inDisorder } from "@/tests/support/model/forks.ts";
import { type History, randomHistory } from "@/tests/support/model/history.ts";
import { emptyModel } from "@/tests/support/model/model.ts";
import { forge, poison } from "@/tests/support/model/poison.ts";
import { differences, type LedgerState, linesOf, stateOf, type VaultState } from "@/tests/support/model/state.ts";
import { again, heard, isConfirmed, type Step } from "@/tests/support/model/step.ts";
import { type Fate, FATES, fatesOf } from "@/tests/support/model/taken_back.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";

/** How much of it fits into some twenty seconds. `SEED=…` starts with the history of that seed. */
const HISTORIES = 12;
const SIZE = { owners: 5, transactions: 30, heirs: 2 };
const GHOSTS = 8;
const POISON = 6;
const BATCH = 12;

/** These vaults, and nothing else. */
function only(vaults: readonly VaultState[]): LedgerState {
  return { vaults, outcomes: new Map(), changes: [] };
}

/** What was seen to befall rows that were taken back. */
const seen = new Set<Fate>();

/** Tells both a forked history, and forgeries of what was heard. Gives what is wrong with what the ledger shows. */
async function told(audit: Audit, name: string, history: History, dice: Dice): Promise<string[]> {
  const { news, ghosts } = forked(name, history, dice, GHOSTS);
  const beside = poison(name, history, dice, POISON).map((piece): Step => [piece]);
  const known: ReadTransaction[] = [];
  const found: string[] = [];
  for (const step of inDisorder([...news, ...beside], BATCH, dice)) {
    found.push(...await audit.take(step));
    for (const fate of fatesOf(audit.states()[0])) seen.add(fate);
    if (isConfirmed(step)) known.push(...step.filter((transaction) => transaction.verdict === "read"));
    if (known.length === 0 || dice.chance(0.8)) continue;
    // Another content makes no landing, wherever it is seen.
    found.push(
      ...await audit.deliver([again(forge(dice.one(known), dice), 1 + Math.floor(dice.random() * history.lastSlot))]),
    );
  }
  const [{ vaults, outcomes }] = audit.states();
  const own = vaults.filter(({ owner }) => history.town.owners.includes(owner));
  return [
    ...found,
    ...await audit.conclude(),
    ...differences(linesOf(only(own)), linesOf(only(stateOf(heard(emptyModel(), history.transactions)).vaults))),
    ...ghosts.filter((ghost) => outcomes.get(ghost) !== "ignored rolled_back").map((ghost) => `still there: ${ghost}`),
  ];
}

Deno.test("rows 7, 8, 53 and 54: ingest() and rollBack() come to the finalized history, whatever forks held", async () => {
  const base = chosenSeed();
  for (let seed = base; seed < base + HISTORIES; seed++) {
    const dice = diceOf(generator(seed));
    const history = randomHistory(`seed ${seed}`, dice, SIZE);
    const audit = await openAudit();
    try {
      expect([`SEED=${seed}`, ...await told(audit, `seed ${seed}`, history, dice)]).toEqual([`SEED=${seed}`]);
    } finally {
      await audit.close();
    }
  }
  // The run is worth something only if all of this really befell some row.
  expect([`SEED=${base}`, ...[...seen].sort()]).toEqual([`SEED=${base}`, ...FATES.toSorted()]);
});
