import { expect } from "expect";
import { TOKEN_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { tokenBalanceJson } from "@/supabase/local/demo/token_balance.ts";

Deno.test("tokenBalanceJson() writes amounts as a node does", () => {
  const shown = (amount: bigint, single: boolean): unknown => {
    const balance = { accountIndex: 1, mint: USDT_MINT, owner: TOKEN_PROGRAM, programId: TOKEN_PROGRAM, amount };
    const { uiAmount, uiAmountString } = tokenBalanceJson(balance, { single }).uiTokenAmount;
    return [uiAmount, uiAmountString];
  };
  expect(shown(1_500_000n, false)).toEqual([1.5, "1.5"]);
  expect(shown(20_000_000n, false)).toEqual([20, "20"]);
  expect(shown(1n, false)).toEqual([0.000001, "0.000001"]);
  expect(shown(0n, true)).toEqual([null, "0"]);
  // These stand so in shared/samples/08_raw_jupiter.json.
  expect(shown(126_310_424n, true)).toEqual([126.310425, "126.310424"]);
  expect(shown(34_628_706_234n, true)).toEqual([34628.707, "34628.706234"]);
  expect(shown(89_025_105_000n, true)).toEqual([89025.1, "89025.105"]);
  expect(shown(89_025_105_000n, false)).toEqual([89025.105, "89025.105"]);
});
