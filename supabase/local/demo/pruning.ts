/**
 * A node that has thrown away what is old, as those do that keep no archive.
 *
 * @module
 */
import type { DemoChain } from "./chain.ts";
import type { Faults } from "./faults.ts";
import type { Caller } from "./method_faults.ts";
import { RpcError } from "./rpc_request.ts";

/** The caller over a chain that begins where the fault `pruned` says. It knows nothing of before, and says so of blocks only. */
export function withPruning(faults: Faults, call: Caller): Caller {
  return (chain, method, params) => {
    const fault = faults.strike("pruned");
    if (fault === null) return call(chain, method, params);
    const isKept = (slot: number): boolean => {
      if (slot < fault.belowSlot) faults.count("pruned");
      return slot >= fault.belowSlot;
    };
    if (OF_A_BLOCK.includes(method) && !isKept(params[0] as number)) {
      const message = `Block ${
        params[0]
      } cleaned up, does not exist on node. First available block: ${fault.belowSlot}`;
      throw new RpcError(-32001, message);
    }
    const result = call(chain, method, params);
    if (method === "getSignaturesForAddress") return (result as { slot: number }[]).filter(({ slot }) => isKept(slot));
    if (method === "getTransaction") return isKept(slotOf(chain, params[0])) ? result : null;
    if (method !== "getSignatureStatuses") return result;
    const { context, value } = result as { context: unknown; value: unknown[] };
    const signatures = params[0] as readonly unknown[];
    return { context, value: value.map((status, place) => isKept(slotOf(chain, signatures[place])) ? status : null) };
  };
}

const OF_A_BLOCK = ["getBlock", "getBlockTime"];

/** Infinity for what never landed. */
function slotOf(chain: DemoChain, signature: unknown): number {
  const number = chain.find(String(signature));
  return number === undefined ? Infinity : chain.record(number).slot;
}
