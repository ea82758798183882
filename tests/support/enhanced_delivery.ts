/**
 * The enhanced form of a raw transaction, as Helius documents it.
 *
 * @module
 */

interface RawInstruction {
  readonly accounts: readonly number[];
  readonly data: string;
  readonly programIdIndex: number;
}

interface RawBalance {
  readonly accountIndex: number;
  readonly mint: string;
  readonly owner: string;
  readonly uiTokenAmount: { readonly amount: string };
}

/** A raw transaction, as far as the enhanced form shows it. */
export interface RawForm {
  readonly blockTime: unknown;
  readonly slot: number;
  readonly meta: {
    readonly err: unknown;
    readonly fee: number;
    readonly innerInstructions: readonly { index: number; instructions: readonly RawInstruction[] }[];
    readonly loadedAddresses?: { readonly writable: readonly string[]; readonly readonly: readonly string[] };
    readonly preTokenBalances: readonly RawBalance[];
    readonly postTokenBalances: readonly RawBalance[];
  };
  readonly transaction: {
    readonly message: { readonly accountKeys: readonly string[]; readonly instructions: readonly RawInstruction[] };
    readonly signatures: readonly string[];
  };
}

/** The same transaction in the enhanced form: no log, no index, no stack heights. */
export function enhancedOf(raw: RawForm): Record<string, unknown> {
  const { meta, transaction: { message, signatures } } = raw;
  const keys = [
    ...message.accountKeys,
    ...(meta.loadedAddresses?.writable ?? []),
    ...(meta.loadedAddresses?.readonly ?? []),
  ];
  const instruction = ({ accounts, data, programIdIndex }: RawInstruction): Record<string, unknown> => ({
    accounts: accounts.map((index) => keys[index]),
    data,
    programId: keys[programIdIndex],
  });
  return {
    accountData: keys.map((account, index) => ({
      account,
      nativeBalanceChange: 0,
      tokenBalanceChanges: tokenChanges(meta, index, account),
    })),
    description: "",
    events: {},
    fee: meta.fee,
    feePayer: keys[0],
    instructions: message.instructions.map((outer, index) => ({
      ...instruction(outer),
      innerInstructions: (meta.innerInstructions.find((group) => group.index === index)?.instructions ?? [])
        .map(instruction),
    })),
    nativeTransfers: [],
    signature: signatures[0],
    slot: raw.slot,
    source: "UNKNOWN",
    timestamp: raw.blockTime,
    tokenTransfers: [{ tokenAmount: 0.30000000000000004, mint: "none of these is ever looked at" }],
    transactionError: meta.err ?? null,
    type: "UNKNOWN",
  };
}

function tokenChanges(meta: RawForm["meta"], index: number, tokenAccount: string): unknown[] {
  const at = (balances: readonly RawBalance[]): RawBalance | undefined =>
    balances.find(({ accountIndex }) => accountIndex === index);
  const [before, after] = [at(meta.preTokenBalances), at(meta.postTokenBalances)];
  const { mint, owner } = after ?? before ?? {};
  const change = BigInt(after?.uiTokenAmount.amount ?? 0) - BigInt(before?.uiTokenAmount.amount ?? 0);
  if (change === 0n) return [];
  return [{ mint, rawTokenAmount: { decimals: 6, tokenAmount: String(change) }, tokenAccount, userAccount: owner }];
}
