/**
 * What a caller does about each error, in words for `docs/errors.md`.
 *
 * @module
 */
import type { ErrorCode } from "./errors.ts";

const NODE = "Nothing: the next run asks again. When it lasts, look at the provider.";

/** One for every code. */
export const REMEDIES: Readonly<Record<ErrorCode, string>> = {
  alerting_failed: "Look at `vaultbook.alert_failures` for the reason: no alert can be raised until it is gone.",
  alert_unknown: "Read the alerts anew; whose alert it is nobody else is told.",
  amount_not_available: "Ask for less, or wait until withdrawals under way are done.",
  amount_out_of_range: "Send base units as decimal text: 1 USDT is `1000000`.",
  body_invalid: "Send what `openapi.json` says; the field is named.",
  body_too_large: "Send less, or in parts.",
  body_unreadable: "Send it again: the connection ended in the middle.",
  chain_unavailable: "Send the same again after `Retry-After`; no node answers now.",
  database_unavailable: "Send the same again after `Retry-After`; nothing was done.",
  forbidden: "Ask for the own wallet's only, or as an operator.",
  idempotency_key_reused: "Take a new `Idempotency-Key` for what is something else.",
  instruction_unsupported: "Build the transaction in the app: this IDL does not say all that it takes.",
  invalid_idl: "Correct the IDL or its mapping: `deno task idl`.",
  item_settled: "Read the quarantine anew: somebody has decided, or it was applied meanwhile.",
  item_unknown: "Read the quarantine anew.",
  job_taken_over: "Nothing: the other run does the work.",
  media_type_unsupported: "Send `Content-Type: application/json`.",
  method_not_allowed: "Take a method that `Allow` names.",
  not_found: "Look for the path in `openapi.json`.",
  operators_only: "Sign in as an operator.",
  owner_only: "Sign in with the wallet of the vault.",
  parameter_invalid: "Correct the field that is named; a cursor is taken as an answer gave it.",
  protocol_paused: "Wait until the protocol is resumed.",
  rate_limited: "Wait as long as `Retry-After` says.",
  rpc_answer_invalid: NODE,
  rpc_behind: NODE,
  rpc_out_of_time: NODE,
  rpc_rate_limited: NODE,
  rpc_refused: NODE,
  rpc_slot_missing: NODE,
  rpc_unavailable: NODE,
  rpc_unconfigured: "Set `SOLANA_RPC_URL`.",
  rpc_version_unsupported: NODE,
  signature_attached: "Read the transaction: it was signed before.",
  signature_taken: "Sign this transaction by itself.",
  too_many_pending: "Wait until some of them are confirmed or expire.",
  transaction_expired: "Begin a new one.",
  transaction_unknown: "Read the ledger anew; whose transaction it is nobody else is told.",
  unauthorized: "Sign in anew, or send a key or secret that is valid.",
  vault_closed: "Open the vault again first.",
  vault_exists: "Nothing: the vault is there.",
  vault_paused: "Wait until the vault is resumed.",
  vault_unknown: "Initialise a vault first, and wait until the chain has it.",
};
