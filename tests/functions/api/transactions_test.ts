import { Transaction, VersionedTransaction } from "@solana/web3.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expect } from "expect";
import { expirePending } from "@/lib/ledger/pending.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { createAddressBook, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { vaultInstruction } from "@/supabase/local/demo/instructions.ts";
import type { VaultStep } from "@/supabase/local/demo/record.ts";
import { letTimePass } from "@/tests/support/announced.ts";
import { ownerOf } from "@/tests/support/api.ts";
import { alice, aliceSeed, begin, census, sign, startTest, told } from "@/tests/support/beginning.ts";
import { events, key, logOf, PROGRAM, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";

const bob = key("bob");
const book = createAddressBook(PROGRAM, USDT_MINT);

startTest(
  "POST /api/vaults/:owner/transactions gives what the wallet signs, of the very instruction, and announces it",
  async (api, node) => {
    const steps: [object, VaultStep][] = [
      [{ type: "deposit", amount: "7" }, { kind: "deposit", user: alice, amount: 7n }],
      [{ type: "withdrawal", amount: "100" }, { kind: "withdraw", user: alice, amount: 100n }],
    ];
    for (const [body, step] of steps) {
      const answer = await begin(api, body, { idempotencyKey: step.kind });
      expect(told(answer)).toBe("200");
      expect(answer.headers.get("cache-control")).toBe("private, no-cache");
      const { announced, transaction, last_valid_block_height } = answer.body;
      expect(announced).toEqual({
        ...{
          id: expect.any(String),
          vault_owner: alice,
          transaction_type: expect.any(String),
          ...body,
          type: undefined,
        },
        ...{ status: "pending", signature: null, submitted_signature: null, expires_at: expect.any(String) },
        transaction_type: (body as { type: string }).type,
      });
      const { tips, calendar, blockhash } = node.chain;
      expect(last_valid_block_height).toBe(calendar.heightOf(tips().confirmed) + 150);
      const parsed = Transaction.from(Buffer.from(transaction, "base64"));
      expect([parsed.feePayer?.toBase58(), parsed.recentBlockhash]).toEqual([alice, blockhash(tips().confirmed)]);
      const [only, ...others] = parsed.instructions;
      const wanted = vaultInstruction(step, book);
      expect([others, only?.programId.toBase58(), [...only?.data ?? []]]).toEqual([[], PROGRAM, [...wanted.data]]);
      expect(
        only?.keys.map(({ pubkey, isSigner, isWritable }) => (
          { address: pubkey.toBase58(), signer: isSigner, writable: isWritable }
        )),
      ).toEqual(wanted.accounts);
      // Both of the common ways to sign it take it.
      const versioned = VersionedTransaction.deserialize(Buffer.from(transaction, "base64"));
      expect([versioned.version, versioned.signatures.map((bytes) => bytes.every((byte) => byte === 0))]).toEqual([
        "legacy",
        [true],
      ]);
      versioned.addSignature(parsed.feePayer ?? ([] as never), ed25519.sign(versioned.message.serialize(), aliceSeed));
      expect(Transaction.from(versioned.serialize()).verifySignatures()).toBe(true);
    }
    const { body: { transactions } } = await api.ask(
      `/vaults/${alice}/transactions?status=pending`,
      await ownerOf(alice),
    );
    expect(transactions.map((row: { amount: string }) => row.amount).sort()).toEqual(["100", "7"]);
  },
);

startTest(
  "row 26: the same key gives the same row and a fresh blockhash, and nothing to sign once it is signed, settled or expired",
  async (api, node) => {
    const deposit = { type: "deposit", amount: "5" };
    const first = await begin(api, deposit);
    node.waitSlots(200);
    const again = await begin(api, deposit);
    expect(again.body.announced).toEqual(first.body.announced);
    expect(again.body.transaction).not.toBe(first.body.transaction);
    expect(again.body.last_valid_block_height).toBeGreaterThan(first.body.last_valid_block_height);
    const both = await Promise.all(Array.from({ length: 5 }, () => begin(api, deposit)));
    expect(new Set(both.map(({ body }) => body.announced.id))).toEqual(new Set([first.body.announced.id]));
    expect(told(await begin(api, { type: "deposit", amount: "6" }))).toBe("409 idempotency_key_reused");
    expect(told(await begin(api, { type: "withdrawal", amount: "5" }))).toBe("409 idempotency_key_reused");
    expect(told(await begin(api, { type: "initialize" }))).toBe("409 idempotency_key_reused");

    expect(told(await sign(api, first.body.announced.id, signature("s")))).toBe("200");
    const closed = { transaction: null, last_valid_block_height: null };
    expect((await begin(api, deposit)).body).toMatchObject({
      ...closed,
      announced: { submitted_signature: signature("s") },
    });
    await api.deliver(
      rawTransaction({ signature: signature("s"), slot: 3, logs: logOf(events.deposit(alice, 5n, 105n)) }),
    );
    expect((await begin(api, deposit)).body).toMatchObject({
      ...closed,
      announced: { id: first.body.announced.id, status: "confirmed", signature: signature("s"), expires_at: null },
    });

    const late = await begin(api, deposit, { idempotencyKey: "late" });
    await letTimePass(api.sql);
    expect((await begin(api, deposit, { idempotencyKey: "late" })).body).toMatchObject({
      ...closed,
      announced: { status: "pending" },
    });
    expect(told(await sign(api, late.body.announced.id, signature("late")))).toBe("409 transaction_expired");
    const database = openDatabase(api.url);
    expect(await expirePending(database)).toBe(1);
    await database.close();
    expect((await begin(api, deposit, { idempotencyKey: "late" })).body).toMatchObject({
      ...closed,
      announced: { status: "failed" },
    });
    expect(await census(api)).toBe(1);
  },
);

startTest("initialize announces nothing, and is refused where there is a vault", async (api) => {
  expect(told(await begin(api, { type: "initialize" }))).toBe("409 vault_exists");
  const headers = await ownerOf(bob);
  const { status, body } = await begin(api, { type: "initialize" }, { headers, owner: bob });
  expect([status, body.announced]).toEqual([200, null]);
  const [only] = Transaction.from(Buffer.from(body.transaction, "base64")).instructions;
  const wanted = vaultInstruction({ kind: "initialize_vault", user: bob }, book);
  expect([...only?.data ?? []]).toEqual([...wanted.data]);
  expect(only?.keys.map(({ pubkey }) => pubkey.toBase58())).toEqual(wanted.accounts.map(({ address }) => address));
  expect(told(await begin(api, { type: "initialize" }, { headers, owner: bob }))).toBe("200");
  expect(told(await begin(api, { type: "deposit", amount: "1" }, { headers, owner: bob }))).toBe("404 vault_unknown");
  await api.sql.begin(async (sql) => {
    await sql`set local role vaultbook_ledger`;
    await sql`update public.vaults set status = 'closed' where owner = ${alice}`;
  });
  expect(told(await begin(api, { type: "initialize" }))).toBe("200");
  expect(told(await begin(api, { type: "deposit", amount: "1" }))).toBe("409 vault_closed");
  expect(await census(api)).toBe(0);
});
