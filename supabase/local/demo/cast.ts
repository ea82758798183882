/**
 * Who acts on the demo chain. Everybody follows from the seed.
 *
 * @module
 */
import { engineAuthority, type SeededKey, seededKey } from "./address.ts";

/** The people and programs of a demo. */
export interface Cast {
  /** Those who trade. */
  readonly traders: readonly SeededKey[];
  /** Whose vault receives fees. */
  readonly treasury: SeededKey;
  /** Whose vault receives liquidated collateral and pays out. */
  readonly insurance: SeededKey;
  /** The admin of the program. */
  readonly admin: SeededKey;
  /** The exchange's own signer for locks, unlocks and transfers. */
  readonly keeper: SeededKey;
  /** Pays for transactions in which the engine program acts. */
  readonly operator: SeededKey;
  /** Wallets without a vault. */
  readonly strangers: readonly SeededKey[];
  /** The engine program's own signer. */
  readonly engine: string;
}

/** The cast of the seed with so many traders. A cast with more traders begins with the same ones. */
export function createCast(seed: string, traders: number): Cast {
  const key = (name: string): SeededKey => seededKey(`${seed}/${name}`);
  return {
    traders: Array.from({ length: traders }, (_, place) => key(`trader/${place}`)),
    treasury: key("treasury"),
    insurance: key("insurance"),
    admin: key("admin"),
    keeper: key("keeper"),
    operator: key("operator"),
    strangers: [0, 1, 2].map((place) => key(`stranger/${place}`)),
    engine: engineAuthority(),
  };
}
