/**
 * The Prefer header (RFC 7240), as far as PostgREST knows it.
 *
 * @module
 */
import { invalidPreferences } from "./request_errors.ts";

/** What the client prefers; null where it said nothing. */
export interface Preferences {
  readonly resolution: "merge-duplicates" | "ignore-duplicates" | null;
  readonly representation: "representation" | "minimal" | "headers-only" | null;
  readonly count: "exact" | "planned" | "estimated" | null;
  readonly missing: "default" | "null" | null;
  readonly handling: "strict" | "lenient" | null;
  readonly timezone: string | null;
  readonly maxAffected: bigint | null;
}

/** Every preference that is known by its full text. `tx` is known and ignored: only the server may allow it. */
const KNOWN = {
  resolution: ["merge-duplicates", "ignore-duplicates"],
  return: ["representation", "minimal", "headers-only"],
  count: ["exact", "planned", "estimated"],
  missing: ["default", "null"],
  handling: ["strict", "lenient"],
  tx: ["commit", "rollback"],
} as const;

/**
 * Reads the Prefer header. Of two values for the same preference the first holds.
 *
 * @throws {RestError} PGRST122 when `handling=strict` comes with a preference that is not known.
 */
export function parsePreferences(header: string | null): Preferences {
  const given = (header ?? "").split(",").map((preference) => preference.trim()).filter((text) => text !== "");
  const maxAffected = valueOf(given, "max-affected");
  const timezone = valueOf(given, "timezone");
  const preferences: Preferences = {
    resolution: pick(given, "resolution"),
    representation: pick(given, "return"),
    count: pick(given, "count"),
    missing: pick(given, "missing"),
    handling: pick(given, "handling"),
    timezone: timezone !== null && isTimezone(timezone) ? timezone : null,
    maxAffected: maxAffected !== null && /^-?[0-9]{1,18}$/.test(maxAffected) ? BigInt(maxAffected) : null,
  };
  const unknown = given.filter((text) => !isKnown(text, preferences.timezone));
  if (preferences.handling === "strict" && unknown.length > 0) throw invalidPreferences(unknown);
  return preferences;
}

/** Names of preferences that a kind of request honours, in the order in which `Preference-Applied` lists them. */
export type Applicable = keyof Preferences;

/** The `Preference-Applied` header for the preferences that a request honoured; null when there are none. */
export function preferenceApplied(preferences: Preferences, applicable: readonly Applicable[]): string | null {
  const applied = applicable.flatMap((name) => {
    const value = preferences[name];
    if (value === null) return [];
    if (name === "maxAffected") return preferences.handling === "strict" ? [`max-affected=${value}`] : [];
    return [`${name === "representation" ? "return" : name}=${value}`];
  });
  return applied.length > 0 ? applied.join(", ") : null;
}

function pick<Name extends keyof typeof KNOWN>(
  given: readonly string[],
  name: Name,
): typeof KNOWN[Name][number] | null {
  for (const text of given) {
    for (const value of KNOWN[name]) {
      if (text === `${name}=${value}`) return value;
    }
  }
  return null;
}

function valueOf(given: readonly string[], name: string): string | null {
  const found = given.find((text) => text.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

function isKnown(text: string, timezone: string | null): boolean {
  if (text.startsWith("max-affected=")) return true;
  if (text.startsWith("timezone=")) return timezone !== null;
  return Object.entries(KNOWN).some(([name, values]) => values.some((value) => text === `${name}=${value}`));
}

/** PostgREST asks pg_timezone_names; that view is slow, and the runtime has the same list. */
function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
