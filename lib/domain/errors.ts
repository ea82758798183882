/**
 * The errors that Vaultbook raises on purpose: one table of codes, each with what it means to the outside.
 *
 * @module
 */

/**
 * Every error code, with its HTTP status and its message. A code is never renamed and never used again for something else.
 * `{name}` in a message is filled from the error's details.
 */
export const ERRORS = {
  alert_unknown: { status: 404, message: "Cannot find alert {id}" },
  alerting_failed: { status: 503, message: "Cannot raise any alert: the alert failures on record say why" },
  amount_not_available: {
    status: 422,
    message: "Cannot withdraw {amount}: less is available in the vault of {owner}, withdrawals under way taken off",
  },
  amount_out_of_range: { status: 422, message: "Cannot move {amount}: it must be from 1 to 2^63 − 1 base units" },
  body_invalid: { status: 400, message: "Cannot read the body: {field} {problem}" },
  body_too_large: { status: 413, message: "Cannot read the body: it is larger than {limit_bytes} bytes" },
  body_unreadable: { status: 400, message: "Cannot read the body: it ended early" },
  chain_unavailable: {
    status: 503,
    message: "Cannot ask the chain now: try again in {retry_after_seconds} seconds",
  },
  database_unavailable: {
    status: 503,
    message: "Cannot reach the database: try again in {retry_after_seconds} seconds",
  },
  forbidden: { status: 403, message: "Cannot show what belongs to {owner}: it is not the caller's" },
  idempotency_key_reused: {
    status: 409,
    message: "Cannot repeat this request: its Idempotency-Key came with something else before",
  },
  instruction_unsupported: { status: 503, message: "Cannot build {instruction} from the IDL: {field} {problem}" },
  invalid_idl: { status: 400, message: "Cannot use the IDL: {field} {problem}" },
  item_settled: { status: 409, message: "Cannot decide about item {id}: it is not in quarantine" },
  item_unknown: { status: 404, message: "Cannot find item {id}" },
  job_taken_over: {
    status: 409,
    message: "Cannot go on with {job}: this run was silent too long, and another one took over",
  },
  media_type_unsupported: { status: 415, message: "Cannot read the body: its Content-Type must be application/json" },
  method_not_allowed: { status: 405, message: "Cannot {method} this path: it takes {allow}" },
  not_found: { status: 404, message: "Cannot find {path}" },
  operators_only: { status: 403, message: "Cannot do this: only operators may" },
  owner_only: { status: 403, message: "Cannot do this for anybody else: only the wallet of the vault may" },
  parameter_invalid: { status: 400, message: "Cannot answer: {field} {problem}" },
  protocol_paused: { status: 409, message: "Cannot move anything now: the protocol is paused" },
  rate_limited: { status: 429, message: "Cannot answer so often: try again in {retry_after_seconds} seconds" },
  rpc_answer_invalid: { status: 503, message: "Cannot use what {node} answers to {method}: {problem}" },
  rpc_behind: { status: 503, message: "Cannot use what {node} answers to {method}: it is behind, {problem}" },
  rpc_out_of_time: { status: 503, message: "Cannot ask {node} for {method}: the time for it is over, {problem}" },
  rpc_rate_limited: { status: 503, message: "Cannot ask {node} for {method} now: {problem}" },
  rpc_refused: { status: 503, message: "Cannot ask {node} for {method}: it refuses, {problem}" },
  rpc_slot_missing: { status: 503, message: "Cannot read a block from {node} with {method}: {problem}" },
  rpc_unconfigured: { status: 503, message: "Cannot ask the chain: SOLANA_RPC_URL is not set" },
  rpc_unavailable: { status: 503, message: "Cannot reach {node} for {method}: {problem}" },
  rpc_version_unsupported: { status: 503, message: "Cannot read a transaction from {node} with {method}: {problem}" },
  signature_attached: { status: 409, message: "Cannot sign transaction {id} with this: it carries another signature" },
  signature_taken: { status: 409, message: "Cannot sign transaction {id} with this: it is another one's signature" },
  too_many_pending: { status: 429, message: "Cannot begin another transaction: too many of {owner} are pending" },
  transaction_expired: { status: 409, message: "Cannot sign transaction {id}: it has expired" },
  transaction_unknown: { status: 404, message: "Cannot find transaction {id} of {owner}" },
  unauthorized: { status: 401, message: "Cannot accept this request: the Authorization header is missing or wrong" },
  vault_closed: { status: 409, message: "Cannot move anything: the vault of {owner} is closed" },
  vault_exists: { status: 409, message: "Cannot open a vault of {owner}: there is one" },
  vault_paused: { status: 409, message: "Cannot move anything now: the vault of {owner} is paused" },
  vault_unknown: { status: 404, message: "Cannot find a vault of {owner}" },
} as const satisfies Record<string, { status: number; message: string }>;

/** A stable name of an error. */
export type ErrorCode = keyof typeof ERRORS;

/** What fills the message, and what a client gets as `details`. Never holds a secret. */
export type ErrorDetails = Readonly<Record<string, string | number>>;

/** An error with a code that a caller can act on. */
export class VaultbookError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  /** @param cause what the database or the runtime said; it is logged and never sent to a client. */
  constructor(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown) {
    super(fill(ERRORS[code].message, details), { cause });
    this.name = "VaultbookError";
    this.code = code;
    this.details = details;
  }

  /** The HTTP status of this error. */
  get status(): number {
    return ERRORS[this.code].status;
  }
}

function fill(message: string, details: ErrorDetails): string {
  return message.replaceAll(/\{(\w+)\}/g, (hole, name: string) => String(details[name] ?? hole));
}
