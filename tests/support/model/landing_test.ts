import { expect } from "expect";
import { type Claim, landingOf, withClaim } from "./landing.ts";

function claim(slot: number, transactionIndex = 0, finalized = false): Claim {
  return { slot, transactionIndex, blockTime: null, finalized };
}

function place(claims: readonly Claim[], ...lost: number[]): string | null {
  const landing = landingOf(claims.reduce(withClaim, [] as readonly Claim[]), new Set(lost));
  return landing && `${landing.slot}.${landing.transactionIndex}`;
}

const CASES: readonly (readonly [string, readonly Claim[], readonly number[], string | null])[] = [
  ["nothing was said", [], [], null],
  ["one claim", [claim(5, 2)], [], "5.2"],
  ["the highest slot", [claim(5), claim(9), claim(7)], [], "9.0"],
  ["the highest place of a block", [claim(5, 1), claim(5, 10), claim(5, 9)], [], "5.10"],
  ["the highest that is not lost", [claim(5), claim(9), claim(7)], [9], "7.0"],
  ["a lost slot takes all its places", [claim(5, 1), claim(5, 2), claim(4)], [5], "4.0"],
  ["all are lost", [claim(5), claim(9)], [9, 5, 3], null],
  ["the finalized one", [claim(9), claim(5, 0, true), claim(7)], [], "5.0"],
  ["finalized, though it was lost", [claim(9), claim(5, 0, true)], [5, 9], "5.0"],
  ["first seen, then finalized", [claim(5), claim(9), claim(5, 0, true), claim(5)], [5], "5.0"],
];

for (const [name, claims, lost, expected] of CASES) {
  Deno.test(`landingOf() finds in every order: ${name}`, () => {
    for (const order of orders(claims)) expect(place(order, ...lost)).toBe(expected);
  });
}

function* orders<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length === 0) yield [];
  for (const [at, item] of items.entries()) for (const rest of orders(items.toSpliced(at, 1))) yield [item, ...rest];
}
