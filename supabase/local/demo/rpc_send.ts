/**
 * What wallets do at a node: `sendTransaction`, refused as a real node refuses it, and `requestAirdrop`, as on a network for tests.
 *
 * @module
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import bs58 from "bs58";
import { addressBytes, seededKey } from "./address.ts";
import type { DemoChain } from "./chain.ts";
import { execute } from "./execute.ts";
import type { TransactionDraft } from "./record.ts";
import { configAt, invalidParams, readAddress, readCount, RpcError } from "./rpc_request.ts";
import { renderTransaction } from "./transaction.ts";
import { walletSteps } from "./wallet_steps.ts";
import { readWire, WIRE_BYTES_MAX, type WireTransaction } from "./wire.ts";

/** A blockhash is good for so many blocks. */
export const BLOCKHASH_BLOCKS = 150;
/** 10 SOL: the most of one airdrop. */
const AIRDROP_MAX = 10_000_000_000;

/** Why a transaction does not come onto the chain; `draft` where it would, and would fail there. */
interface Rejection {
  readonly err: unknown;
  readonly text: string;
  readonly logs?: readonly string[];
  readonly draft?: TransactionDraft;
}

/**
 * Puts a wallet's transaction onto the chain at once, and gives its signature. Without preflight nothing is told of what is wrong with it: what
 * runs and fails is on the chain as failed, and the rest is dropped.
 */
export function sendTransaction(chain: DemoChain, params: readonly unknown[]): string {
  const config = configAt(params, 1);
  const wire = wireAt(params[0], config["encoding"] ?? "base58");
  const signatures = wire.signatures.map((signature) => bs58.encode(signature));
  const [first = ""] = signatures;
  const skipsPreflight = config["skipPreflight"] === true;
  if (!isSigned(wire)) {
    if (skipsPreflight) return first;
    throw new RpcError(-32003, "Transaction signature verification failure");
  }
  const judged = judge(chain, wire, signatures);
  if ("err" in judged && !skipsPreflight) throw preflightFailure(judged);
  const draft = "err" in judged ? judged.draft : judged;
  if (draft) chain.append(draft, undefined, signatures);
  return first;
}

/**
 * Gives a wallet lamports, and so its beginning on the chain: with 1000 SOL of its own and a token account that holds 5 000 000 USDT, as every
 * wallet of the demo has. Without it a wallet cannot pay.
 */
export function requestAirdrop(chain: DemoChain, params: readonly unknown[]): string {
  const to = readAddress(params[0]);
  const lamports = readCount(params[1], "lamports");
  if (lamports === undefined || lamports > AIRDROP_MAX) {
    throw invalidParams(`Invalid params: at most ${AIRDROP_MAX} lamports`);
  }
  const { address: from } = seededKey(`${chain.genesis.seed}/faucet`);
  const number = chain.append({
    ...{ payer: from, version: "legacy" },
    steps: [{ kind: "lamports_transfer", from, to, lamports }],
  });
  return chain.record(number).signatures[0] ?? "";
}

/** @throws {RpcError} -32602 */
function wireAt(value: unknown, encoding: unknown): WireTransaction {
  if (typeof value !== "string") throw invalidParams("Invalid params: expected a string");
  let bytes: Uint8Array;
  try {
    if (encoding !== "base64" && encoding !== "base58") throw new RangeError(`unsupported encoding: ${encoding}`);
    bytes = encoding === "base64" ? Uint8Array.fromBase64(value) : bs58.decode(value);
  } catch (error) {
    throw invalidParams(`invalid ${encoding} encoding: ${error instanceof Error ? error.message : error}`);
  }
  if (bytes.length > WIRE_BYTES_MAX) {
    throw invalidParams(`decoded VersionedTransaction too large: ${bytes.length} bytes (max: ${WIRE_BYTES_MAX} bytes)`);
  }
  try {
    return readWire(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalidParams(`failed to deserialize solana_transaction::versioned::VersionedTransaction: ${error.message}`);
  }
}

/** One signature of each signer, and all of them right. */
function isSigned({ signatures, messageBytes, message }: WireTransaction): boolean {
  return signatures.length === message.header.numRequiredSignatures && signatures.every((signature, place) => {
    try {
      return ed25519.verify(signature, messageBytes, addressBytes(message.keys[place] ?? ""));
    } catch {
      return false;
    }
  });
}

/** What comes onto the chain, or why not. */
function judge(
  chain: DemoChain,
  { message, messageBytes }: WireTransaction,
  signatures: readonly string[],
): TransactionDraft | Rejection {
  const [payer = ""] = message.keys;
  const state = chain.state();
  if (chain.find(signatures[0] ?? "") !== undefined) {
    return { err: "AlreadyProcessed", text: "This transaction has already been processed" };
  }
  if (!isRecent(chain, message.recentBlockhash)) return { err: "BlockhashNotFound", text: "Blockhash not found" };
  if (!state.lamports.has(payer)) {
    const text = "Attempt to debit an account but found no record of a prior credit.";
    return { err: "AccountNotFound", text };
  }
  const asked = walletSteps(message, chain.book);
  if ("problem" in asked) return failed(asked.instruction, asked.problem);
  const draft: TransactionDraft = { payer, version: message.version, message: messageBytes.toBase64(), ...asked };
  const time = chain.calendar.timeOf(chain.tips().processed);
  const trial = { slot: 0, index: 0, time, signatures, ...draft };
  const execution = execute(state, trial, chain.book);
  const paid = asked.steps.reduce((sum, step) => sum + (step.kind === "lamports_transfer" ? step.lamports : 0), 0);
  if (paid + execution.fee > (state.lamports.get(payer) ?? 0)) {
    return { err: "InsufficientFundsForFee", text: "Insufficient funds for fee" };
  }
  if (!execution.error) return draft;
  const { logs } = renderTransaction(trial, execution, chain.book, message.recentBlockhash);
  return { ...failed(execution.error.instruction, { Custom: execution.error.code }), logs, draft };
}

function failed(instruction: number, problem: string | { readonly Custom: number }): Rejection {
  const text = typeof problem === "string" ? problem : `custom program error: 0x${problem.Custom.toString(16)}`;
  return {
    err: { InstructionError: [instruction, problem] },
    text: `Error processing Instruction ${instruction}: ${text}`,
  };
}

function isRecent(chain: DemoChain, blockhash: string): boolean {
  const { calendar } = chain;
  const { processed } = chain.tips();
  const lowest = calendar.heightOf(processed) - BLOCKHASH_BLOCKS;
  for (let slot = processed; slot >= chain.genesis.first.slot && calendar.heightOf(slot) >= lowest; slot--) {
    if (!calendar.isSkipped(slot) && chain.blockhash(slot) === blockhash) return true;
  }
  return false;
}

function preflightFailure({ err, text, logs = [] }: Rejection): RpcError {
  const data = { accounts: null, err, innerInstructions: null, logs, returnData: null, unitsConsumed: 0 };
  return new RpcError(-32002, `Transaction simulation failed: ${text}`, data);
}
