/**
 * A Solana node, asked over JSON-RPC. Imported by what has time, and not by the webhook.
 *
 * Every method throws {@link VaultbookError} with a code `rpc_…` when there is no answer that can be used, and then nothing is known:
 * no failure of a node ever reads as "nothing there".
 *
 * @module
 */
import { base58FromBytes } from "./base58.ts";
import { optionalCountAt, stringAt } from "./fields.ts";
import {
  type AtSlot,
  type Commitment,
  type LatestBlockhash,
  type NodeAccount,
  type NodeBlock,
  type NodeTransaction,
  readAccounts,
  readAddresses,
  readBlock,
  readBlockhash,
  readSignatureRows,
  readSlot,
  readStatuses,
  readTransaction,
  readVersion,
  type SignatureRow,
  type SignatureStatus,
} from "./rpc_answers.ts";
import { createTransport, type RpcOptions, type RpcTransport } from "./rpc_transport.ts";

/** Most rows of one {@link SolanaNode.signatures}. */
export const ROWS_MAX = 1000;
/** Most addresses of one {@link SolanaNode.accounts}. */
export const ACCOUNTS_MAX = 100;
/** Most signatures of one {@link SolanaNode.statuses}. */
export const STATUSES_MAX = 256;

/** The newest version of transactions that is read here. */
const TRANSACTION_VERSION_MAX = 1;

/** Which rows of an address. */
export interface RowsAsked {
  readonly commitment: "confirmed" | "finalized";
  /** Most rows, 1 to {@link ROWS_MAX}, which is the default. */
  readonly limit?: number;
  /** Only what is older than this signature; nothing at all when the node does not know it. */
  readonly before?: string;
  /** Only what is newer than this signature. A node that does not know it gives the newest rows, and no word of it. */
  readonly until?: string;
  /** The node must have come as far as this slot. */
  readonly minContextSlot?: number;
}

/** A node. Slots and indexes are safe integers; what is larger is refused. */
export interface SolanaNode {
  /** Host and port. */
  readonly node: string;
  /** What is left of the time for all calls, in milliseconds; never below 0. */
  timeLeft(): number;
  /** The newest slot at a commitment. */
  slot(commitment: Commitment, minContextSlot?: number): Promise<number>;
  /** The transactions that name an address, newest slot first. Rows can be missing and come back; inside a slot any order is possible. */
  signatures(address: string, asked: RowsAsked): Promise<SignatureRow[]>;
  /** A transaction; null when the node says that it knows none, which proves nothing as long as another one knows it. */
  transaction(signature: string, commitment: "confirmed" | "finalized"): Promise<NodeTransaction | null>;
  /** Accounts, all of one slot, not before `minContextSlot`; null where there is none. @throws {RangeError} for too many. */
  accounts(
    addresses: readonly string[],
    asked: { readonly commitment: Commitment; readonly minContextSlot?: number },
  ): Promise<AtSlot<(NodeAccount | null)[]>>;
  /** Addresses of a program's accounts whose data begins with these bytes, all of one slot, not before `minContextSlot`; in no order. */
  programAccounts(
    program: string,
    prefix: Uint8Array,
    asked: { readonly commitment: Commitment; readonly minContextSlot?: number },
  ): Promise<AtSlot<string[]>>;
  /** What became of signatures, searched in the whole history; null where the node knows none. @throws {RangeError} for too many. */
  statuses(signatures: readonly string[]): Promise<AtSlot<(SignatureStatus | null)[]>>;
  /** When a slot's block was made, in seconds since 1970; null where the node does not know. */
  blockTime(slot: number): Promise<number | null>;
  /** What lies in a slot. @throws {VaultbookError} rpc_slot_missing – it was skipped, or this node has lost its block. */
  block(slot: number, commitment: "confirmed" | "finalized"): Promise<NodeBlock>;
  /** The newest blockhash at a commitment. */
  latestBlockhash(commitment: Commitment): Promise<LatestBlockhash>;
  /** Which chain this is. */
  genesisHash(): Promise<string>;
  /** Of the node's software, as `4.2.2`. */
  version(): Promise<string>;
}

/**
 * A node to ask.
 *
 * @throws {TypeError} when the URL is none; it is not repeated.
 */
export function createNode(options: RpcOptions): SolanaNode {
  return methodsOver(createTransport(options));
}

function methodsOver({ node, timeLeft, call }: RpcTransport): SolanaNode {
  return {
    node,
    timeLeft,
    slot: (commitment, minContextSlot) =>
      call("getSlot", [defined({ commitment, minContextSlot })], (result) => readSlot(result, minContextSlot)),
    signatures: (address, { limit = ROWS_MAX, ...asked }) =>
      call(
        "getSignaturesForAddress",
        [address, defined({ limit, ...asked })],
        (result) => readSignatureRows(result, limit),
      ),
    transaction(signature, commitment): Promise<NodeTransaction | null> {
      const config = { commitment, encoding: "json", maxSupportedTransactionVersion: TRANSACTION_VERSION_MAX };
      return call("getTransaction", [signature, config], (result) => readTransaction(result, signature));
    },
    async accounts(addresses, { commitment, minContextSlot }): Promise<AtSlot<(NodeAccount | null)[]>> {
      atMost(addresses, ACCOUNTS_MAX);
      const config = defined({ commitment, minContextSlot, encoding: "base64" });
      const read = (result: unknown): AtSlot<(NodeAccount | null)[]> =>
        readAccounts(result, addresses.length, minContextSlot ?? 0);
      return await call("getMultipleAccounts", [addresses, config], read);
    },
    programAccounts(program, prefix, { commitment, minContextSlot }): Promise<AtSlot<string[]>> {
      const config = {
        ...defined({ commitment, minContextSlot }),
        ...{ encoding: "base64", withContext: true, dataSlice: { offset: 0, length: 0 } },
        filters: [{ memcmp: { offset: 0, bytes: base58FromBytes(prefix) } }],
      };
      return call("getProgramAccounts", [program, config], (result) => readAddresses(result, minContextSlot ?? 0));
    },
    async statuses(signatures): Promise<AtSlot<(SignatureStatus | null)[]>> {
      atMost(signatures, STATUSES_MAX);
      const read = (result: unknown): AtSlot<(SignatureStatus | null)[]> => readStatuses(result, signatures.length);
      return await call("getSignatureStatuses", [signatures, { searchTransactionHistory: true }], read);
    },
    blockTime: (slot) => call("getBlockTime", [slot], (result) => optionalCountAt(result, "result")),
    block(slot, commitment): Promise<NodeBlock> {
      const version = { maxSupportedTransactionVersion: TRANSACTION_VERSION_MAX };
      const config = { commitment, transactionDetails: "signatures", rewards: false, ...version };
      return call("getBlock", [slot, config], readBlock);
    },
    latestBlockhash: (commitment) => call("getLatestBlockhash", [{ commitment }], readBlockhash),
    genesisHash: () => call("getGenesisHash", [], (result) => stringAt(result, "result")),
    version: () => call("getVersion", [], readVersion),
  };
}

/** Without the keys that hold nothing, which a node would refuse. */
function defined(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

function atMost(list: readonly string[], most: number): void {
  if (list.length > most) throw new RangeError(`Cannot ask for ${list.length} at once: ${most} are the most`);
}
