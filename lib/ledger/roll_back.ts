/**
 * Takes back what a fork of the chain took back.
 *
 * @module
 */
import { answered, repeated, unavailable } from "./attempts.ts";
import { type Database, isTransient, isUnavailable } from "./database.ts";

/** A slot that a Solana transaction lost. */
export interface LostLanding {
  /** Base58. */
  readonly signature: string;
  readonly slot: number;
}

/**
 * Records that these transactions are no longer in these slots, and takes back what they did there; all that depended on it waits
 * again. One that is known to lie elsewhere takes effect there instead. What is finalized stays. Repeating it is harmless.
 *
 * @returns the signatures that lie nowhere now because of this call, in the order of their letters.
 * @throws {VaultbookError} database_unavailable – nothing changed; try again.
 */
export async function rollBack(database: Database, lost: readonly LostLanding[]): Promise<string[]> {
  const json = JSON.stringify(lost);
  try {
    return await repeated(() =>
      database.run(async (sql) => {
        const [row] = await sql<{ signatures: string[] }[]>`
          select to_jsonb(vaultbook.roll_back(${json}::text::jsonb)) as signatures`;
        return answered(row).signatures;
      })
    );
  } catch (error) {
    throw isUnavailable(error) || isTransient(error) ? unavailable(error) : error;
  }
}
