/**
 * The JSON-RPC methods that the demo chain answers, in the shapes of a Solana node.
 *
 * @module
 */
import bs58 from "bs58";
import { accountAt } from "./accounts.ts";
import type { DemoChain } from "./chain.ts";
import { getBlock, getBlockTime } from "./rpc_blocks.ts";
import {
  type CommonConfig,
  configAt,
  invalidParams,
  readAddress,
  readCount,
  readList,
  readSignature,
  readSlot,
  RpcError,
} from "./rpc_request.ts";
import { BLOCKHASH_BLOCKS, requestAirdrop, sendTransaction } from "./rpc_send.ts";
import { commitmentOf, getSignaturesForAddress } from "./rpc_signatures.ts";
import type { ChainState } from "./state.ts";
import { nodeTransaction } from "./transaction_json.ts";

/** The version that the demo's node says it has; transactions of version 1 need 4.2. */
const NODE_VERSION = "4.2.2";
const ACCOUNTS_MAX = 100;
const STATUSES_MAX = 256;
/** A node remembers the status of the last 300 slots; older ones need `searchTransactionHistory`. */
const STATUS_SLOTS = 300;

type Method = (chain: DemoChain, params: readonly unknown[]) => unknown;

/** Every method by name. A method throws {@link RpcError} for an error answer. */
export const METHODS: Readonly<Record<string, Method>> = {
  getAccountInfo,
  getBalance: (chain, params) => {
    const slot = readSlot(chain, configAt(params, 1));
    return withContext(slot, accountAt(stateAt(chain, slot), chain.book, readAddress(params[0]))?.lamports ?? 0);
  },
  getBlock,
  getBlockHeight: (chain, params) => chain.calendar.heightOf(readSlot(chain, configAt(params, 0))),
  getBlockTime,
  getGenesisHash: (chain) => chain.blockhash(0),
  getHealth: () => "ok",
  getLatestBlockhash,
  getMultipleAccounts,
  getProgramAccounts,
  getSignatureStatuses,
  getSignaturesForAddress: (chain, params) => getSignaturesForAddress(chain, params),
  getSlot: (chain, params) => readSlot(chain, configAt(params, 0)),
  getTransaction,
  requestAirdrop,
  sendTransaction,
  getVersion: () => ({ "feature-set": 0, "solana-core": NODE_VERSION }),
};

function getTransaction(chain: DemoChain, params: readonly unknown[]): unknown {
  const signature = readSignature(params[0]);
  // The second parameter may be the encoding alone.
  const config = typeof params[1] === "string" ? { encoding: params[1] } : configAt(params, 1);
  const { encoding = "json" } = config as CommonConfig;
  if (encoding !== "json") throw invalidParams(`The demo chain answers encoding json only, not ${String(encoding)}`);
  const max = readCount((config as CommonConfig)["maxSupportedTransactionVersion"], "maxSupportedTransactionVersion");
  const number = chain.find(signature);
  if (number === undefined || number >= chain.countUpTo(readSlot(chain, config, true))) return null;
  const { version } = chain.record(number);
  if (version !== "legacy" && version > (max ?? -1)) {
    throw new RpcError(
      -32015,
      `Transaction version (${version}) is not supported by the requesting client. Please try the request again with the ` +
        `following configuration parameter: "maxSupportedTransactionVersion": ${version}`,
    );
  }
  return nodeTransaction(chain.render(number), max !== undefined);
}

function getSignatureStatuses(chain: DemoChain, params: readonly unknown[]): unknown {
  const signatures = readList(params[0], STATUSES_MAX).map(readSignature);
  const everything = configAt(params, 1)["searchTransactionHistory"] === true;
  const tips = chain.tips();
  const seen = chain.countUpTo(tips.processed);
  const value = signatures.map((signature) => {
    const number = chain.find(signature);
    if (number === undefined || number >= seen) return null;
    const { slot } = chain.record(number);
    if (!everything && slot < tips.processed - STATUS_SLOTS) return null;
    const err = chain.errorOf(number);
    return {
      confirmationStatus: commitmentOf(slot, tips),
      confirmations: slot <= tips.finalized ? null : tips.processed - slot,
      err,
      slot,
      status: err ? { Err: err } : { Ok: null },
    };
  });
  return withContext(tips.processed, value);
}

function getAccountInfo(chain: DemoChain, params: readonly unknown[]): unknown {
  const address = readAddress(params[0]);
  const config = configAt(params, 1);
  const slot = readSlot(chain, config);
  return withContext(slot, accountJson(chain, stateAt(chain, slot), address, config));
}

function getMultipleAccounts(chain: DemoChain, params: readonly unknown[]): unknown {
  const addresses = readList(params[0], ACCOUNTS_MAX).map(readAddress);
  const config = configAt(params, 1);
  const slot = readSlot(chain, config);
  const state = stateAt(chain, slot);
  return withContext(slot, addresses.map((address) => accountJson(chain, state, address, config)));
}

/** With one filter that compares bytes, and no other. */
function getProgramAccounts(chain: DemoChain, params: readonly unknown[]): unknown {
  const program = readAddress(params[0]);
  const config = configAt(params, 1);
  const filter = configAt(readList(config["filters"], 1), 0);
  const compared = configAt([filter["memcmp"]], 0);
  const offset = readCount(compared["offset"], "memcmp.offset") ?? 0;
  const wanted = bs58.decode(String(compared["bytes"]));
  const slot = readSlot(chain, config);
  const state = stateAt(chain, slot);
  const addresses = [...state.vaults.keys(), chain.book.authority.address].filter((address) => {
    const account = accountAt(state, chain.book, address);
    return account?.owner === program && wanted.every((byte, place) => account.data()[offset + place] === byte);
  });
  const value = addresses.map((pubkey) => ({ pubkey, account: accountJson(chain, state, pubkey, config) }));
  return config["withContext"] === true ? withContext(slot, value) : value;
}

function stateAt(chain: DemoChain, slot: number): ChainState {
  return chain.stateAfter(chain.countUpTo(slot));
}

/** An account as base64, whole or the slice that the request asks for. */
function accountJson(chain: DemoChain, state: ChainState, address: string, config: CommonConfig): unknown {
  const { encoding = "base64" } = config;
  if (encoding !== "base64") {
    throw invalidParams(`The demo chain answers encoding base64 only, not ${String(encoding)}`);
  }
  const account = accountAt(state, chain.book, address);
  if (!account) return null;
  const data = account.data();
  const slice = configAt([config["dataSlice"]], 0);
  const from = readCount(slice["offset"], "dataSlice.offset") ?? 0;
  const length = readCount(slice["length"], "dataSlice.length") ?? data.length;
  return {
    data: [data.subarray(from, from + length).toBase64(), "base64"],
    executable: account.executable,
    lamports: account.lamports,
    owner: account.owner,
    // A node says 2^64 − 1 here, which no JSON number of JavaScript can.
    rentEpoch: 0,
    space: data.length,
  };
}

function getLatestBlockhash(chain: DemoChain, params: readonly unknown[]): unknown {
  const slot = readSlot(chain, configAt(params, 0));
  const lastValidBlockHeight = chain.calendar.heightOf(slot) + BLOCKHASH_BLOCKS;
  return withContext(slot, { blockhash: chain.blockhash(slot), lastValidBlockHeight });
}

function withContext(slot: number, value: unknown): unknown {
  return { context: { apiVersion: NODE_VERSION, slot }, value };
}
