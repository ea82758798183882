/**
 * Vaults by the thousand, in a book and on a chain that is nothing but their accounts: cheap where no history matters.
 *
 * @module
 */
import bs58 from "bs58";
import type { Sql } from "postgres";
import { encodeTokenAccount, encodeVault } from "@/supabase/local/demo/accounts.ts";
import { DEMO_PROGRAM, TOKEN_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { createRandom } from "@/supabase/local/demo/random.ts";
import type { VaultState } from "@/supabase/local/demo/state.ts";

/** The newest slot at first. */
export const SLOT = 461_000_500;

/** A chain of accounts. */
export interface FakeVaults {
  /** By address; a test changes and deletes. */
  readonly vaults: Map<string, VaultState>;
  /** What is in token accounts, by address. */
  readonly tokens: Map<string, { readonly owner: string; readonly amount: bigint }>;
  /** The newest slot. */
  readonly clock: { slot: number };
  /** Answers as a node with these accounts and no history. */
  readonly fetch: typeof fetch;
}

/** So many vaults with a deposit each, the same in the book and on the chain, and seen to be so. */
export async function openFakeVaults(sql: Sql, seed: string, count: number): Promise<FakeVaults> {
  const random = createRandom(seed);
  const key = (): string => bs58.encode(random.bytes(32));
  const vaults = new Map<string, VaultState>();
  const tokens: FakeVaults["tokens"] = new Map();
  for (let made = 0; made < count; made++) {
    const vault = fakeVault(key(), key(), key(), BigInt(random.between(1, 1_000_000_000)));
    vaults.set(vault.address, vault);
    tokens.set(vault.tokenAccount, { owner: vault.address, amount: vault.total });
  }
  await fillBook(sql, [...vaults.values()]);
  const clock = { slot: SLOT };
  const accountOf = (address: string): unknown => {
    const [vault, token] = [vaults.get(address), tokens.get(address)];
    if (vault) return account(DEMO_PROGRAM, encodeVault(vault));
    return token ? account(TOKEN_PROGRAM, encodeTokenAccount(token, USDT_MINT)) : null;
  };
  const answer = (body: string): unknown => {
    const { id, method, params } = JSON.parse(body);
    return { jsonrpc: "2.0", id, result: resultOf(method, params, clock, accountOf) };
  };
  return { vaults, tokens, clock, fetch: (_, init) => Promise.resolve(Response.json(answer(String(init?.body)))) };
}

/** A vault with one deposit in it. */
export function fakeVault(owner: string, address: string, tokenAccount: string, total: bigint): VaultState {
  const nothing = { locked: 0n, totalWithdrawn: 0n, createdAt: 1_795_305_600, bump: 255 };
  return { owner, address, tokenAccount, total, totalDeposited: total, ...nothing };
}

/** Enters their initialisations and deposits as final. */
async function fillBook(sql: Sql, vaults: readonly VaultState[]): Promise<void> {
  const rows = JSON.stringify(vaults.map(({ owner, address, tokenAccount, total }) => ({
    ...{ owner, address, token_account: tokenAccount, total: String(total) },
  })));
  await sql.begin(async (own) => {
    await own`set local role vaultbook_ledger`;
    await own`create temporary table filling on commit drop as
      select * from jsonb_to_recordset(${rows}::text::jsonb) as f (owner text, address text, token_account text, total bigint)`;
    await own`insert into public.vaults (owner, vault_address, token_account, total_balance, available_balance, total_deposited)
      select owner, address, token_account, total, total, total from filling`;
    await own`select vaultbook.recount_totals()`;
    await own`insert into vaultbook.status_changes (signature, event_index, slot, transaction_index, vault_address, change, owner)
      select 'open' || address, 0, ${SLOT - 200}, 0, address, 'initialise', owner from filling`;
    await own`insert into public.transactions (
        vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, slot, transaction_index, event_index,
        total_after, locked_after, confirmed_at, finalized_at)
      select owner, 'deposit', total, 'deposit' || address, 'confirmed', 0, total, ${
      SLOT - 100
    }, 0, 0, total, 0, now(), now() from filling`;
    await own`insert into vaultbook.reconciled_vaults (owner, slot) select owner, ${SLOT - 100} from filling`;
  });
}

function resultOf(
  method: string,
  params: readonly unknown[],
  clock: { readonly slot: number },
  accountOf: (address: string) => unknown,
): unknown {
  switch (method) {
    case "getSlot":
      return clock.slot;
    case "getSignaturesForAddress":
      return [];
    case "getMultipleAccounts":
      return { context: { slot: clock.slot }, value: (params[0] as string[]).map(accountOf) };
    default:
      throw new Error(`Nobody asks ${method} here`);
  }
}

function account(owner: string, data: Uint8Array): unknown {
  return { owner, data: [data.toBase64(), "base64"], executable: false, lamports: 1, rentEpoch: 0, space: data.length };
}
