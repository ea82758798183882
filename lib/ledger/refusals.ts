/**
 * What the ledger's functions refuse, and how the world outside calls it.
 *
 * @module
 */
import type { ErrorCode } from "@/lib/domain/errors.ts";

/** The code of each SQLSTATE that a caller can do something about. */
export const REFUSALS: Readonly<Record<string, ErrorCode>> = {
  VB401: "vault_unknown",
  VB402: "vault_closed",
  VB403: "vault_paused",
  VB404: "protocol_paused",
  VB405: "amount_out_of_range",
  "22003": "amount_out_of_range",
  VB406: "amount_not_available",
  VB407: "idempotency_key_reused",
  VB408: "too_many_pending",
  VB411: "transaction_unknown",
  VB412: "signature_attached",
  VB413: "signature_taken",
  VB414: "transaction_expired",
  VB601: "item_unknown",
  VB602: "item_settled",
};
