/**
 * What the webhook has to be, so that every event of every vault is heard.
 *
 * @module
 */
import { ADDRESSES_MAX, type Webhook, type WebhookSettings } from "./helius_api.ts";

/** What is wanted of it. */
export interface Expectation {
  /** Where it delivers to. */
  readonly url: string;
  readonly program: string;
  /** Addresses of the vaults that are open; null where nobody can be asked. */
  readonly vaults: readonly string[] | null;
  /** All that the function accepts; the first is the one in use from now on. */
  readonly secrets: readonly string[];
}

/** What is not as it has to be, each in one line; empty where all is well. Never shows a secret. */
export function findings(webhook: Webhook, wanted: Expectation): string[] {
  const watched = new Set(webhook.accountAddresses);
  const missing = watched.has(wanted.program) ? [] : (wanted.vaults ?? []).filter((vault) => !watched.has(vault));
  const known = new Set([wanted.program, ...(wanted.vaults ?? [])]);
  const foreign = wanted.vaults === null ? [] : webhook.accountAddresses.filter((address) => !known.has(address));
  return [
    ...(webhook.active ? [] : ["it is turned off: nothing is delivered"]),
    ...(webhook.webhookType === "raw" || webhook.webhookType === "rawDevnet"
      ? []
      : [`its type is ${webhook.webhookType}, and not raw`]),
    ...(webhook.webhookURL === wanted.url ? [] : [`it delivers to ${webhook.webhookURL}, and not to ${wanted.url}`]),
    ...(wanted.secrets.includes(webhook.authHeader)
      ? []
      : ["its authHeader is none of HELIUS_WEBHOOK_SECRETS: every delivery is refused"]),
    ...(webhook.transactionTypes.some((type) => type.toUpperCase() === "ANY")
      ? []
      : [`it tells of ${webhook.transactionTypes.join(", ") || "nothing"} only, and not of ANY transaction`]),
    ...(webhook.txnStatus === "all"
      ? []
      : [`it tells of transactions with status ${webhook.txnStatus} only, and not of all`]),
    ...(webhook.accountAddresses.length <= ADDRESSES_MAX
      ? []
      : [`it has ${webhook.accountAddresses.length} addresses of ${ADDRESSES_MAX} at most`]),
    ...(watched.has(wanted.program) || wanted.vaults !== null
      ? []
      : ["it does not watch the program, and without a database nobody knows the vaults"]),
    ...(missing.length === 0 ? [] : [
      `it misses ${missing.length} of ${wanted.vaults?.length} vaults, ${missing.slice(0, 3).join(", ")} among them`,
    ]),
    ...(foreign.length === 0
      ? []
      : [`it watches ${foreign.length} addresses that are no vaults, ${foreign.slice(0, 3).join(", ")} among them`]),
  ];
}

/**
 * The settings that are wanted.
 *
 * @param each true watches every vault instead of the program: for a program that serves many others too.
 * @throws {Error} where those are more than one webhook can have, or none is known.
 */
export function settingsFor(wanted: Expectation, each: boolean): WebhookSettings {
  const addresses = each ? wanted.vaults : [wanted.program];
  if (addresses === null || addresses.length === 0) throw new Error("No vault is known: register it for the program");
  if (addresses.length > ADDRESSES_MAX) {
    throw new Error(
      `${addresses.length} vaults are more than the ${ADDRESSES_MAX} addresses of a webhook: register it for the program`,
    );
  }
  return {
    webhookURL: wanted.url,
    webhookType: "raw",
    transactionTypes: ["ANY"],
    txnStatus: "all",
    accountAddresses: [...addresses],
    authHeader: wanted.secrets[0] ?? "",
  };
}

/** Its settings with another secret. */
export function withSecret({ webhookID: _, active: __, ...settings }: Webhook, secret: string): WebhookSettings {
  return { ...settings, authHeader: secret };
}
