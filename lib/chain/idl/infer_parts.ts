/**
 * Finds the parts of an effect among fields, by their names and types. Where two could be meant, or a number is left over that could
 * be money, nothing is found: an amount is never guessed.
 *
 * @module
 */
import { INTEGERS, type Layout } from "../borsh.ts";
import { canBe, type Leaf, type Part, type Vocabulary } from "./effects.ts";
import type { Parts } from "./mapping.ts";
import { isAmountName, isHarmlessName, type Synonyms } from "./names.ts";
import { wordsOf } from "./words.ts";

/** What was found, or why it cannot be used. */
export interface FoundParts {
  readonly parts: Parts;
  readonly problems: readonly string[];
}

/**
 * Finds the parts.
 *
 * @param leaves the fields, none within an option or a list.
 * @param elsewhere parts that need not be among them.
 */
export function findParts(
  leaves: readonly Leaf[],
  vocabulary: Vocabulary,
  names: Readonly<Record<string, Synonyms>>,
  elsewhere: ReadonlySet<string>,
): FoundParts {
  const parts: Record<string, string> = {};
  const problems: string[] = [];
  for (const [part, { kind, needed }] of Object.entries(vocabulary)) {
    const found = part === "amount"
      ? leaves.filter((leaf) => canBe("amount", leaf.layout) && isAmountName(lastName(leaf)))
      : bestNamed(leaves, { kind, needed }, names[part] ?? []);
    const [only, ...others] = found;
    if (only && others.length === 0) parts[part] = only.path;
    else if (only && needed) problems.push(`${found.map(({ path }) => path).join(" and ")} could both be ${part}`);
    else if (needed && !elsewhere.has(part)) problems.push(`nothing is named as ${part}`);
  }
  const taken = new Set(Object.values(parts));
  for (const leaf of leaves) {
    // What could be the amount and was not taken has been told already.
    if (taken.has(leaf.path) || (vocabulary.amount && !parts.amount && isAmountName(lastName(leaf)))) continue;
    if (holdsNumber(leaf.layout) && !isHarmlessName(lastName(leaf))) {
      problems.push(`${leaf.path} could be money, and has no part in it`);
    }
  }
  return { parts, problems };
}

/** Those of the first row of names that any has. */
function bestNamed(leaves: readonly Leaf[], { kind, needed }: Part, synonyms: Synonyms): readonly Leaf[] {
  const fitting = leaves.filter(({ layout }) =>
    canBe(kind, layout) || (!needed && layout.type === "option" && canBe(kind, layout.of))
  );
  const rows = synonyms.map((row) => fitting.filter((leaf) => row.includes(wordsOf(lastName(leaf)).join("_"))));
  return rows.find((row) => row.length > 0) ?? [];
}

function lastName({ path }: Leaf): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

/** Whether there is a number in it that is wide enough for money. */
function holdsNumber(layout: Layout): boolean {
  if (layout.type in INTEGERS) return INTEGERS[layout.type as keyof typeof INTEGERS] > 1;
  switch (layout.type) {
    case "f32":
    case "f64":
      return true;
    case "option":
    case "vec":
    case "array":
      return holdsNumber(layout.of);
    case "struct":
      return layout.fields.some((field) => holdsNumber(field.layout));
    case "enum":
      return layout.variants.some(({ fields }) => fields.some((field) => holdsNumber(field.layout)));
    default:
      return false;
  }
}
