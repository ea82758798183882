/**
 * `POST /api/vaults/:owner/transactions` and `PUT /api/transactions/:id/signature`: an owner begins something, and says how it was signed.
 *
 * @module
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { buildInstruction, type OwnersAction } from "@/lib/chain/instruction.ts";
import { isAmount } from "@/lib/domain/amount.ts";
import type { UserCaller } from "@/lib/domain/caller.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import type { Callers } from "@/lib/http/caller.ts";
import { admitVault, type AnnouncedTransaction, attachSignature, openPending } from "@/lib/ledger/pending.ts";
import { answers, type ApiEnvironment, BODY_ERRORS, routes, smallBody } from "../endpoint.ts";
import { limit } from "../rate_limit.ts";
import { Address, Announced, Beginning, IdempotencyKey, Signature, StartedTransaction } from "../schemas.ts";
import type { Settings } from "../settings.ts";
import { unsignedTransaction } from "../unsigned_transaction.ts";

/** No secret key and no operator: whoever acts for an owner has the owner's wallet. */
const SIGNED_IN = [{ accessToken: [] }];

const START = createRoute({
  method: "post",
  path: "/{owner}/transactions",
  summary: "Begin to open a vault, to deposit or to withdraw",
  description:
    "Announces a deposit or a withdrawal, and gives the transaction that the owner's wallet signs and sends. It takes a " +
    "blockhash that is good for about a minute: the same request with the same key gives the same row with a fresh one, as long as " +
    "the row awaits its signature, and none after that. `initialize` announces nothing, since there is no vault yet; the chain " +
    "itself opens no second one, and where the ledger knows one the answer is `vault_exists`.",
  security: SIGNED_IN,
  request: {
    params: z.object({ owner: Address }),
    query: z.strictObject({}),
    headers: z.object({ "idempotency-key": IdempotencyKey }),
    body: { required: true, content: { "application/json": { schema: Beginning } } },
  },
  responses: answers("What was begun", StartedTransaction, [
    ...[...BODY_ERRORS, "parameter_invalid", "unauthorized", "owner_only", "rate_limited"] as const,
    ...["amount_out_of_range", "amount_not_available", "vault_unknown", "vault_exists", "vault_closed"] as const,
    ...["vault_paused", "protocol_paused", "idempotency_key_reused", "too_many_pending"] as const,
    ...["chain_unavailable", "rpc_unconfigured", "instruction_unsupported"] as const,
  ]),
});

const SIGN = createRoute({
  method: "put",
  path: "/{id}/signature",
  summary: "Say by which signature the chain will know what was begun",
  description:
    "Repeating it is harmless. Where the chain has that signature already, the answer is the row it is in. Two alike that were begun " +
    "within the same slot are one transaction to the chain: of the second the signature is taken then, and beginning it again gives another.",
  security: SIGNED_IN,
  request: {
    params: z.object({ id: z.uuid("must be a UUID") }),
    query: z.strictObject({}),
    body: { required: true, content: { "application/json": { schema: z.strictObject({ signature: Signature }) } } },
  },
  responses: answers("What was begun", Announced, [
    ...[...BODY_ERRORS, "parameter_invalid", "unauthorized", "owner_only", "rate_limited"] as const,
    ...["transaction_unknown", "signature_attached", "signature_taken", "transaction_expired"] as const,
  ]),
});

/** What an owner begins, beneath `/vaults`. */
export function beginnings({ database, callers, program, mint, rpcUrl }: Settings): OpenAPIHono<ApiEnvironment> {
  const route = routes();
  route.use("/:owner/transactions", smallBody);
  route.openapi(START, async (c) => {
    const { owner } = c.req.valid("param");
    const { "idempotency-key": idempotencyKey } = c.req.valid("header");
    const caller = await walletOf(callers, c);
    if (caller.wallet !== owner) throw new VaultbookError("owner_only");
    await limit(database, caller, "transactions");
    const action = actionOf(c.req.valid("json"), owner, mint);
    // First what may fail, then the row: nothing is announced that cannot be signed.
    const { transaction, lastValidBlockHeight } = await unsignedTransaction(
      rpcUrl,
      buildInstruction(program, action),
      owner,
    );
    const announced = await announce(action, idempotencyKey);
    // Signed or settled, it must not be signed again: that would move the amount twice.
    const isOpen = announced?.awaitsSignature ?? true;
    return c.json({
      announced: announced && rowOf(announced),
      transaction: isOpen ? transaction : null,
      last_valid_block_height: isOpen ? lastValidBlockHeight : null,
    }, 200);
  });

  async function announce(
    { effect, owner, amount }: OwnersAction,
    idempotencyKey: string,
  ): Promise<AnnouncedTransaction | null> {
    if (effect !== "initialise" && amount !== null) {
      return await openPending(database, { owner, type: effect, amount, idempotencyKey });
    }
    await admitVault(database, owner, idempotencyKey);
    return null;
  }
  return route;
}

/** What became of it, beneath `/transactions`. */
export function signatures({ database, callers }: Settings): OpenAPIHono<ApiEnvironment> {
  const route = routes();
  route.use("/:id/signature", smallBody);
  route.openapi(SIGN, async (c) => {
    const caller = await walletOf(callers, c);
    await limit(database, caller, "transactions");
    const { id } = c.req.valid("param");
    const { signature } = c.req.valid("json");
    return c.json(rowOf(await attachSignature(database, { id, owner: caller.wallet, signature })), 200);
  });
  return route;
}

/** Whoever signed in with a wallet. @throws {VaultbookError} unauthorized, owner_only */
async function walletOf(callers: Callers, c: Context): Promise<UserCaller & { readonly wallet: string }> {
  const caller = await callers.identify(c.req.raw.headers);
  if (caller.kind !== "user" || caller.wallet === null) throw new VaultbookError("owner_only");
  return { ...caller, wallet: caller.wallet };
}

/** @throws {VaultbookError} amount_out_of_range */
function actionOf(begun: z.infer<typeof Beginning>, owner: string, mint: string): OwnersAction {
  if (begun.type === "initialize") return { effect: "initialise", owner, mint, amount: null };
  const amount = BigInt(begun.amount);
  if (amount === 0n || !isAmount(amount)) throw new VaultbookError("amount_out_of_range", { amount: begun.amount });
  return { effect: begun.type, owner, mint, amount };
}

function rowOf(announced: AnnouncedTransaction): z.infer<typeof Announced> {
  return {
    id: announced.id,
    vault_owner: announced.owner,
    transaction_type: announced.type,
    amount: String(announced.amount),
    status: announced.status,
    signature: announced.signature,
    submitted_signature: announced.submittedSignature,
    expires_at: announced.expiresAt?.toISOString() ?? null,
  };
}
