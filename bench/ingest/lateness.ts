/**
 * Who comes late.
 *
 * @module
 */
import { generator } from "@/tests/support/seeded.ts";

/** The places 0 to `count` − 1 in the order of their arrival, where a share of them comes up to so many positions late. */
export function seatsOf(count: number, share: number, positions: number): number[] {
  const random = generator(count);
  return Array.from({ length: count }, (_, place) => ({
    place,
    arrival: random() < share ? place + 1 + Math.floor(random() * positions) : place,
  })).sort((one, other) => one.arrival - other.arrival || one.place - other.place).map(({ place }) => place);
}
