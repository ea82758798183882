import { expect } from "expect";
import { inferMapping } from "@/lib/chain/idl/infer.ts";
import { readIdl } from "@/lib/chain/idl/read_idl.ts";
import { compileMapped } from "@/lib/chain/program.ts";
import { newIdl, oldIdl } from "@/tests/support/idl_format.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { chosenSeed, generator, shuffled } from "@/tests/support/seeded.ts";

const CASES = 300;

const EVENTS =
  "DepositEvent CollateralDeposited WithdrawEvent VaultInitialized LockEvent UnLockEvent TransferEvent FeeCollected " +
  "VaultPaused VaultClosed WithdrawalRequested AuthorityInitialized";
const INSTRUCTIONS =
  "initialize_vault deposit withdraw lock_collateral unlock_collateral transfer_collateral set_paused close_vault";
const ACCOUNTS = "CollateralVault Vault VaultAuthority Config";
const NAMES =
  "user owner authority vault vault_pda token_account vault_token_account from_vault to_vault from to amount usdt_amount value " +
  "fee new_balance total_balance locked_balance locked_by caller admin reason is_paused timestamp bump extra authorized_programs";
const TYPES =
  "pubkey pubkey pubkey pubkey u64 u64 u64 u128 i64 u8 bool option<u64> option<pubkey> vec<pubkey> vec<u64> string [u8;4] Why";

/** Names without which nothing can be understood. */
const COMMON = ["user", "vault", "from_vault", "to_vault", "amount"];

/** Names that could be an amount, said once more in the test's own words. */
const AMOUNTS = ["amount", "usdt_amount", "usdtAmount", "value"];

Deno.test("whatever is inferred of random programs compiles, and an amount is inferred only where one field can be it", () => {
  const seed = chosenSeed();
  const random = generator(seed);
  const some = (pool: string, most: number): string[] =>
    shuffled([...new Set(pool.split(" "))], random).slice(0, Math.floor(random() * (most + 1)));
  const any = (pool: string): string => shuffled(pool.split(" "), random)[0] ?? "";
  // A field has its usual type most of the time, or hardly anything would be understood.
  const fields = (most: number): string =>
    [...new Set([...most > 2 ? COMMON.filter(() => random() < 0.9) : [], ...some(NAMES, most)])].map((name) => {
      const usual = /amount|value|balance|fee|extra/.test(name)
        ? "u64"
        : name === "timestamp"
        ? "i64"
        : name === "is_paused"
        ? "bool"
        : "pubkey";
      return `${name}:${random() < 0.85 ? usual : any(TYPES)}`;
    }).join(" ");
  const entries = (pool: string, most: number, make: () => string): Record<string, string> =>
    Object.fromEntries(some(pool, most).map((name) => [name, make()]));
  const counts = { events: 0, amounts: 0, instructions: 0, accounts: 0 };
  for (let i = 0; i < CASES; i++) {
    const program = {
      ...{ source: "random", ...(random() < 0.5 && { seed: "vault" }), enums: { Why: "Settlement Liquidation" } },
      instructions: entries(
        INSTRUCTIONS,
        8,
        () => `${some(NAMES, 8).map((name) => random() < 0.2 ? `${name}(pda)` : name).join(" ")} | ${fields(2)}`,
      ),
      events: entries(EVENTS, 6, () => fields(3)),
      accounts: entries(ACCOUNTS, 3, () => fields(6)),
    };
    const idl = readIdl(random() < 0.5 ? newIdl(program) : oldIdl(program));
    const { mapping } = inferMapping(idl);
    const where = `seed ${seed}, case ${i}`;
    try {
      compileMapped(key("program"), idl, mapping);
    } catch (error) {
      throw new Error(`${where}: ${JSON.stringify(program)}`, { cause: error });
    }
    counts.instructions += Object.keys(mapping.instructions).length;
    counts.accounts += Object.keys(mapping.accounts).length;
    for (const [name, { fields: parts }] of Object.entries(mapping.events)) {
      counts.events++;
      if (parts.amount === undefined) continue;
      counts.amounts++;
      const event = idl.events.find((candidate) => candidate.name === name);
      const candidates = event?.fields.filter((field) =>
        AMOUNTS.includes(field.name) && /^u\d/.test(field.layout.type)
      );
      expect([where, name, candidates?.map((field) => field.name)]).toEqual([where, name, [parts.amount]]);
      expect([
        where,
        name,
        event?.fields.some((field) => /^(fee|extra)$/.test(field.name) && /^[ui]\d\d/.test(field.layout.type)),
      ])
        .toEqual([where, name, false]);
    }
  }
  for (const [what, count] of Object.entries(counts)) {
    expect([`seed ${seed}`, what, count > 20]).toEqual([`seed ${seed}`, what, true]);
  }
});
