/**
 * Names in snake, camel and Pascal case, taken apart into words.
 *
 * @module
 */

/** The words of a name, in lower case: `newBalance`, `new_balance` and `NewBalance` are the same. */
export function wordsOf(name: string): string[] {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase().split("_").filter((word) => word !== "");
  // UnLockEvent, Un_Pause: one word that was written as two.
  return words.flatMap((word, i) => {
    if (word === "un" && words[i + 1] !== undefined) return [];
    return words[i - 1] === "un" ? [`un${word}`] : [word];
  });
}

/** `lockCollateral` → `lock_collateral`, as Anchor does it. */
export function snakeCase(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/([A-Z])([A-Z][a-z])/g, "$1_$2").toLowerCase();
}

/** With a capital, as Rust names what is a struct. */
export function pascalCase(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
