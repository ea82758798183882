/**
 * One mistake in the ledger's SQL.
 *
 * @module
 */

/** One mistake. */
export interface PlantedBug {
  /** What goes wrong with it. */
  readonly name: string;
  /** The function or view of schema `vaultbook`. */
  readonly where: string;
  readonly sound: string;
  readonly broken: string;
  /** It shows in stories with names like this, which are told first. */
  readonly about?: RegExp;
}

/** A mistake in this function or view; with the names of stories that show it, where it shows in few. */
export function bug(where: string, name: string, sound: string, broken: string, about?: RegExp): PlantedBug {
  return { where, name, sound, broken, ...about && { about } };
}
