import {
  ComputeBudgetProgram,
  Connection,
  Keypair,
  PublicKey,
  SystemProgram,
  Transaction,
  TransactionInstruction,
} from "@solana/web3.js";
import { expect } from "expect";
import { DEMO_PROGRAM, MEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { openDemoChain } from "@/supabase/local/demo/chain.ts";
import { vaultInstruction } from "@/supabase/local/demo/instructions.ts";
import type { VaultStep } from "@/supabase/local/demo/record.ts";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { readWire } from "@/supabase/local/demo/wire.ts";
import { type FaultyNode, openFaultyNode } from "@/tests/support/faulty_node.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";

const wallet = Keypair.generate();
const address = wallet.publicKey.toBase58();

interface Stage {
  readonly node: FaultyNode;
  readonly rpc: Connection;
  /** The instruction as web3.js has it. */
  of(step: VaultStep): TransactionInstruction;
  /** The bytes of a signed transaction of these. */
  signed(instructions: TransactionInstruction[], change?: (transaction: Transaction) => void): Promise<Uint8Array>;
  /** What the node says to them: the signature, or its error's number and message. */
  send(bytes: Uint8Array, skipPreflight?: boolean): Promise<string>;
}

function sendTest(name: string, run: (stage: Stage) => Promise<void>): void {
  Deno.test(name, async () => {
    const node = openFaultyNode({ seed: "send", traders: 1, confirmationSlots: 0 });
    const rpc = new Connection(node.url, "confirmed");
    node.trade(8);
    try {
      await run({
        node,
        rpc,
        of(step): TransactionInstruction {
          const { program, accounts, data } = vaultInstruction(step, node.chain.book);
          const keys = accounts.map(({ address, signer, writable }) => (
            { pubkey: new PublicKey(address), isSigner: signer, isWritable: writable }
          ));
          return new TransactionInstruction({ programId: new PublicKey(program), keys, data: Buffer.from(data) });
        },
        async signed(instructions, change = (): void => {}): Promise<Uint8Array> {
          const transaction = new Transaction({ feePayer: wallet.publicKey, ...await rpc.getLatestBlockhash() }).add(
            ...instructions,
          );
          change(transaction);
          transaction.sign(wallet);
          return Uint8Array.from(transaction.serialize());
        },
        async send(bytes, skipPreflight = false): Promise<string> {
          const params = [bytes.toBase64(), { encoding: "base64", skipPreflight }];
          const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "sendTransaction", params });
          const { result, error } = await (await fetch(node.url, { method: "POST", body })).json();
          return result ?? `${error.code} ${error.message}`;
        },
      });
    } finally {
      await node.close();
    }
  });
}

sendTest(
  "sendTransaction() puts what a wallet signed onto the chain, and shows the very message",
  async ({ node, rpc, of, signed, send }) => {
    await rpc.requestAirdrop(wallet.publicKey, 5);
    expect(await rpc.getBalance(wallet.publicKey)).toBe(1_000_000_000_005);
    const bytes = await signed([
      of({ kind: "initialize_vault", user: address }),
      of({ kind: "deposit", user: address, amount: 9n }),
    ]);
    const signature = await send(bytes);
    const number = node.chain.find(signature) ?? -1;
    const { transaction, meta, version } = rawItem(node.chain.render(number));
    const { message, messageBytes } = readWire(bytes);
    expect([version, meta.err, transaction.signatures]).toEqual(["legacy", null, [signature]]);
    expect(transaction.message).toMatchObject({
      accountKeys: message.accountKeys,
      recentBlockhash: message.recentBlockhash,
    });
    expect(node.chain.record(number).message).toBe(messageBytes.toBase64());
    expect(meta.logMessages.filter((line) => line.startsWith("Program data:"))).toHaveLength(2);
    expect((await rpc.getSignatureStatus(signature)).value?.err).toBe(null);
    expect(await rpc.getBalance(wallet.publicKey)).toBeLessThan(1_000_000_000_005);
    const vault = node.chain.state().vaults.get(node.chain.book.vaultOf(address).address);
    expect([vault?.total, node.chain.state().tokens.get(node.chain.book.walletOf(address))?.amount]).toEqual([
      9n,
      4_999_999_999_991n,
    ]);
  },
);

sendTest(
  "sendTransaction() refuses as a node does, and then nothing is on the chain",
  async ({ node, rpc, of, signed, send }) => {
    const opening = [of({ kind: "initialize_vault", user: address })];
    const simulated = "-32002 Transaction simulation failed: ";
    const nobody = `${simulated}Attempt to debit an account but found no record of a prior credit.`;
    expect(await send(await signed(opening))).toBe(nobody);
    await rpc.requestAirdrop(wallet.publicKey, 1);
    const size = node.chain.size();
    const good = await signed(opening);
    const forged = good.slice();
    forged[10] = (forged[10] ?? 0) ^ 1;
    expect(await send(forged)).toBe("-32003 Transaction signature verification failure");
    const changed = good.slice();
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect(await send(changed)).toBe("-32003 Transaction signature verification failure");
    const old = await signed(
      opening,
      (transaction) => transaction.recentBlockhash = Keypair.generate().publicKey.toBase58(),
    );
    expect(await send(old)).toBe(`${simulated}Blockhash not found`);
    const failing = (step: VaultStep, code: number): Promise<void> =>
      failed([of(step)], `custom program error: 0x${code.toString(16)}`);
    const failed = async (instructions: TransactionInstruction[], text: string, place = 0): Promise<void> =>
      expect(await send(await signed(instructions))).toBe(`${simulated}Error processing Instruction ${place}: ${text}`);
    await failing({ kind: "deposit", user: address, amount: 1n }, 3012);
    await failing({ kind: "set_paused", admin: address, paused: true }, 101);
    await failed([...opening, of({ kind: "withdraw", user: address, amount: 1n })], "custom program error: 0x1771", 1);
    const foreign = of({ kind: "deposit", user: address, amount: 1n });
    foreign.keys[1] = { pubkey: Keypair.generate().publicKey, isSigner: false, isWritable: true };
    await failed([foreign], "custom program error: 0x7dc");
    const cut = of({ kind: "deposit", user: address, amount: 1n });
    cut.data = cut.data.subarray(0, 12);
    await failed([cut], "custom program error: 0x66");
    const unknown = new TransactionInstruction({ programId: Keypair.generate().publicKey, keys: [] });
    await failed([unknown], "UnsupportedProgramId");
    const rich = SystemProgram.transfer({
      fromPubkey: wallet.publicKey,
      toPubkey: Keypair.generate().publicKey,
      lamports: 2e12,
    });
    expect(await send(await signed([rich]))).toBe(`${simulated}Insufficient funds for fee`);
    expect(await send(good.subarray(0, good.length - 1))).toMatch(/^-32602 failed to deserialize .*: it ends early$/);
    expect(await send(new Uint8Array(1233))).toMatch(/^-32602 decoded VersionedTransaction too large: 1233 bytes/);
    expect(node.chain.size()).toBe(size);
    // Without preflight what cannot run is dropped without a word, and what fails is on the chain.
    for (const bytes of [forged, old, await signed([unknown])]) {
      expect(await send(bytes, true)).toMatch(/^\w{80,90}$/);
    }
    expect(node.chain.size()).toBe(size);
    const doomed = await send(await signed([of({ kind: "deposit", user: address, amount: 1n })]), true);
    expect((await rpc.getSignatureStatus(doomed)).value?.err).toEqual({ InstructionError: [0, { Custom: 3012 }] });
    const signature = await send(good);
    expect(await send(good)).toBe(`${simulated}This transaction has already been processed`);
    expect([node.chain.find(signature), node.chain.size()]).toEqual([size + 1, size + 2]);
  },
);

sendTest(
  "sendTransaction() takes a blockhash for 150 blocks, and transfers, memos and budgets beside",
  async ({ node, rpc, of, signed, send }) => {
    await rpc.requestAirdrop(wallet.publicKey, 1);
    const [early, late] = [
      await signed([of({ kind: "initialize_vault", user: address })]),
      await signed([
        ComputeBudgetProgram.setComputeUnitLimit({ units: 90_000 }),
        ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 1_000_000 }),
        SystemProgram.transfer({ fromPubkey: wallet.publicKey, toPubkey: Keypair.generate().publicKey, lamports: 7 }),
        new TransactionInstruction({
          programId: new PublicKey(MEMO_PROGRAM),
          keys: [{ pubkey: wallet.publicKey, isSigner: true, isWritable: false }],
          data: Buffer.from("für später"),
        }),
      ]),
    ];
    const { calendar, tips } = node.chain;
    const begun = calendar.heightOf(tips().confirmed);
    while (calendar.heightOf(tips().processed) < begun + 150) node.waitSlots(1);
    const number = node.chain.find(await send(late)) ?? -1;
    const { meta } = rawItem(node.chain.render(number));
    expect([meta.err, meta.fee, meta.logMessages.some((line) => line.includes("für später"))]).toEqual([
      null,
      95_000,
      true,
    ]);
    while (calendar.heightOf(tips().processed) < begun + 151) node.waitSlots(1);
    expect(await send(early)).toContain("Blockhash not found");
  },
);

sendTest("readWire() reads what web3.js writes, and never more than there is", async ({ rpc, of, signed }) => {
  await rpc.requestAirdrop(wallet.publicKey, 1);
  const bytes = await signed([of({ kind: "initialize_vault", user: address })]);
  const seed = chosenSeed();
  const random = generator(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const broken = bytes.slice(0, below(3) === 0 ? below(bytes.length) : bytes.length);
    for (let flips = below(3); flips >= 0 && broken.length > 0; flips--) {
      broken[below(broken.length)] = below(256);
    }
    try {
      readWire(broken);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      refused++;
    }
  }
  // deno-lint-ignore no-console -- by this seed it can be had again
  console.log(`SEED=${seed}: ${refused} of 3000 refused`);
  expect(refused).toBeGreaterThan(900);
});

Deno.test("what a wallet sent is the same after a restart", async () => {
  const folder = await Deno.makeTempDir({ prefix: "demo_send_" });
  const options = {
    path: `${folder}/chain.ndjson`,
    seed: "s",
    program: DEMO_PROGRAM,
    mint: USDT_MINT,
    clock: () => 1_795_305_600_000,
  };
  try {
    const transaction = new Transaction({ feePayer: wallet.publicKey, recentBlockhash: address });
    transaction.add(SystemProgram.transfer({ fromPubkey: wallet.publicKey, toPubkey: wallet.publicKey, lamports: 7 }));
    const message = Uint8Array.from(transaction.serializeMessage()).toBase64();
    const first = openDemoChain(options);
    first.append({
      payer: address,
      version: "legacy",
      steps: [{ kind: "lamports_transfer", from: address, to: address, lamports: 7 }],
      message,
    });
    const before = rawItem(first.render(0));
    first.close();
    const second = openDemoChain(options);
    expect(rawItem(second.render(0))).toEqual(before);
    expect(before.transaction.message.recentBlockhash).toBe(address);
    second.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
