/**
 * Faults of a node's own answers: behind the chain, incomplete, or wrong.
 *
 * @module
 */
import type { DemoChain } from "./chain.ts";
import type { Faults } from "./faults.ts";
import { METHODS } from "./rpc_methods.ts";
import { RpcError } from "./rpc_request.ts";
import { bySignature, getSignaturesForAddress, type SignatureRow } from "./rpc_signatures.ts";

/** Calls a method of the node: its result, or an {@link RpcError}. */
export type Caller = (chain: DemoChain, method: string, params: readonly unknown[]) => unknown;

/** Answers that carry the slot for which they hold. */
const AT_A_SLOT = [
  "getAccountInfo",
  "getMultipleAccounts",
  "getProgramAccounts",
  "getSlot",
  "getSignatureStatuses",
  "getLatestBlockhash",
];
const OF_A_BLOCK = ["getBlock", "getBlockTime"];
/** The bytes of accounts in which a balance stands, by the account's length: a vault's total and available, a token account's amount. */
const BALANCE_PLACES: Readonly<Record<number, readonly number[]>> = { 121: [72, 88], 165: [64] };

/** The node as it is. */
export const callMethod: Caller = (chain, method, params) => METHODS[method]?.(chain, params);

/** The node with the faults. */
export function withMethodFaults(faults: Faults): Caller {
  return (chain, method, params) => {
    const seen = visibleChain(chain, method, faults);
    refuse(method, params, faults);
    if (method === "getSignaturesForAddress") return faultyRows(seen, params, faults);
    const result = callMethod(seen, method, params);
    if (method === "getTransaction" && result !== null) return faultyTransaction(result, String(params[0]), faults);
    if (method === "getMultipleAccounts") return lyingAccounts(result as AccountsAnswer, params, faults);
    if (method === "getSignatureStatuses") return forgottenStatuses(result as StatusesAnswer, params, faults);
    return result;
  };
}

/** The chain as far as this node has come. */
function visibleChain(chain: DemoChain, method: string, faults: Faults): DemoChain {
  const behind = faults.strike("node_behind");
  const stale = AT_A_SLOT.includes(method) ? faults.strike("stale_slot") : null;
  if (behind !== null) {
    faults.count("node_behind");
    if (method === "getHealth") {
      throw new RpcError(-32005, `Node is behind by ${behind.slots} slots`, { numSlotsBehind: behind.slots });
    }
  }
  if (stale !== null) faults.count("stale_slot");
  const slots = (behind?.slots ?? 0) + (stale?.slots ?? 0);
  return slots === 0 ? chain : chainBefore(chain, slots);
}

/** The chain as it was so many slots ago, at each commitment. */
function chainBefore(chain: DemoChain, slots: number): DemoChain {
  const back = (slot: number): number => chain.calendar.blockNotAfter(slot - slots);
  return {
    ...chain,
    tips(): ReturnType<DemoChain["tips"]> {
      const { processed, confirmed, finalized } = chain.tips();
      return { processed: back(processed), confirmed: back(confirmed), finalized: back(finalized) };
    },
  };
}

/** Error answers to what a sound node would have answered. */
function refuse(method: string, params: readonly unknown[], faults: Faults): void {
  if (method === "getTransaction" && faults.strike("unsupported_version") !== null) {
    faults.count("unsupported_version");
    throw new RpcError(-32015, "Transaction version (1) is not supported by the requesting client");
  }
  const slot = String(params[0]);
  if (OF_A_BLOCK.includes(method) && faults.strikeAlways("skipped_slot", slot) !== null) {
    faults.count("skipped_slot");
    throw new RpcError(-32007, `Slot ${slot} was skipped, or missing due to ledger jump to recent snapshot`);
  }
}

function faultyRows(chain: DemoChain, params: readonly unknown[], faults: Faults): unknown {
  const [address, config] = params as readonly [unknown, Record<string, unknown> | undefined];
  let asked = config;
  if (config?.["until"] !== undefined && faults.strike("unknown_until") !== null) {
    faults.count("unknown_until");
    const { until: _, ...others } = config;
    asked = others;
  }
  const sound = getSignaturesForAddress(chain, [address, asked]);
  const ordered = faults.strike("order_in_slot") === null
    ? sound
    : getSignaturesForAddress(chain, [address, asked], bySignature);
  if (ordered.some(({ signature }, place) => signature !== sound[place]?.signature)) faults.count("order_in_slot");
  const { processed } = chain.tips();
  const shown = ordered.filter(({ signature, slot }) => {
    const fault = faults.strikeAlways("missing_rows", signature);
    return fault === null || fault.signatures?.includes(signature) === false ||
      processed >= slot + (fault.forSlots ?? Infinity);
  });
  faults.count("missing_rows", ordered.length - shown.length);
  if (faults.strike("no_transaction_index") === null) return shown;
  faults.count("no_transaction_index", shown.length);
  return shown.map(({ transactionIndex: _, ...row }): Omit<SignatureRow, "transactionIndex"> => row);
}

function faultyTransaction(result: unknown, signature: string, faults: Faults): unknown {
  if (faults.strikeAlways("missing_transaction", signature) !== null) {
    faults.count("missing_transaction");
    return null;
  }
  if (faults.strike("no_transaction_index") === null) return result;
  faults.count("no_transaction_index");
  const { transactionIndex: _, ...transaction } = result as { transactionIndex: number };
  return transaction;
}

interface StatusesAnswer {
  readonly context: unknown;
  readonly value: readonly unknown[];
}

function forgottenStatuses(answer: StatusesAnswer, [signatures]: readonly unknown[], faults: Faults): unknown {
  const value = answer.value.map((status, place) => {
    const signature = String((signatures as readonly unknown[])[place]);
    if (status === null || faults.strikeAlways("missing_status", signature) === null) return status;
    faults.count("missing_status");
    return null;
  });
  return { ...answer, value };
}

interface AccountsAnswer {
  readonly context: unknown;
  readonly value: readonly ({ readonly data: readonly [string, string] } | null)[];
}

function lyingAccounts(answer: AccountsAnswer, [addresses]: readonly unknown[], faults: Faults): unknown {
  const lie = faults.strike("wrong_balance");
  const place = lie === null ? -1 : (addresses as readonly string[]).indexOf(lie.address);
  const account = answer.value[place];
  if (lie === null || !account) return answer;
  const bytes = Uint8Array.fromBase64(account.data[0]);
  const view = new DataView(bytes.buffer);
  for (const offset of BALANCE_PLACES[bytes.length] ?? []) {
    view.setBigUint64(offset, view.getBigUint64(offset, true) + lie.by, true);
    faults.count("wrong_balance");
  }
  return { ...answer, value: answer.value.with(place, { ...account, data: [bytes.toBase64(), "base64"] }) };
}
