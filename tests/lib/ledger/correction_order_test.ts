/**
 * Corrections among events, in random orders.
 *
 * @module
 */
import { expect } from "expect";
import { at, bookTest, deposit, initialise, withdrawal } from "@/tests/support/book.ts";
import { correct, correctionsOf } from "@/tests/support/corrections.ts";
import { vaultBalances } from "@/tests/support/ledger_state.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { chosenSeed, generator, shuffled } from "@/tests/support/seeded.ts";

const SEED = chosenSeed();

bookTest(`row 3: corrections and events come to the same book in any order (SEED=${SEED})`, async (book) => {
  const random = generator(SEED);
  const below = (count: number): number => Math.floor(random() * count);
  let standing = 0;
  for (let number = 0; number < 4; number++) {
    // What happened, some of it unheard of when the corrections were written; each of those fits to some of it.
    const happened = Array.from({ length: 5 }, () => ({ slot: 3 + below(30), amount: BigInt(below(41) - 20) }));
    const heard = happened.filter(() => random() < 0.6);
    const corrections = Array.from({ length: 2 }, (_, i) => ({ slot: 12 + 12 * i, amount: BigInt(1 + below(9)) }))
      .map(({ slot, amount }, i, all) => {
        const known = (number === 0 || random() < 0.7 ? heard : happened).filter((event) => event.slot <= slot);
        const before = i === 1 && random() < 0.5 ? all[0]?.amount ?? 0n : 0n;
        const totalAfter = known.reduce((sum, event) => sum + event.amount, 1_000n + before) + amount;
        return { slot, kind: "deposit" as const, amount, totalAfter };
      });
    const told = number === 0 || random() < 0.5 ? heard : happened;
    const bookOf = async (name: string): Promise<string[]> => {
      const owner = key(name);
      const of = (slot: number, events: Parameters<typeof at>[1], part: string): () => Promise<unknown> => () =>
        book.take(at(slot, events, { name: `${name} ${part}` }));
      const steps = [
        of(1, [initialise(owner)], "first"),
        of(2, [deposit(owner, 1_000n)], "second"),
        ...told.map(({ slot, amount }, i) =>
          of(slot, [amount < 0n ? withdrawal(owner, -amount) : deposit(owner, amount)], `event ${i}`)
        ),
        ...corrections.map((correction) => () => correct(book.sql, { owner, ...correction })),
      ];
      for (const step of shuffled(steps, random)) await step();
      const outcomes = await correctionsOf(book.sql, owner);
      standing += outcomes.filter((line) => line.endsWith("applied")).length;
      return [...(await vaultBalances(book.sql, owner) ?? []), ...outcomes];
    };
    const name = `${SEED} ${number}`;
    const first = await bookOf(`${name} one`);
    expect([name, ...await bookOf(`${name} another`)]).toEqual([name, ...first]);
  }
  expect([`SEED=${SEED}`, standing > 0]).toEqual([`SEED=${SEED}`, true]);
});
