import { expect } from "expect";
import { partsOf, usdt } from "@/supabase/local/ops_page/amount.js";
import { openTestDatabase } from "@/tests/support/database.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";

const LIMIT = 2n ** 63n - 1n;

Deno.test("the ops page shows amounts as the database does, to the last digit", async () => {
  const seed = chosenSeed();
  const random = generator(seed);
  const amounts = [0n, 1n, -1n, 10n, 999_999n, 1_000_000n, 1_234_500_000n, 2n ** 53n + 1n, LIMIT, -LIMIT];
  while (amounts.length < 1000) {
    const size = BigInt(Math.floor(random() * 2 ** 31)) ** 2n * BigInt(Math.ceil(random() * 2)) /
      10n ** BigInt(Math.floor(random() * 19));
    amounts.push((random() < 0.5 ? -size : size) % LIMIT);
  }
  const database = await openTestDatabase();
  try {
    const texts = amounts.map(String);
    const rows = await database.admin<{ amount: string; said: string }[]>`
      select a.amount, vaultbook.usdt(a.amount::bigint) as said from unnest(${texts}::text[]) as a (amount)`;
    expect(rows).toHaveLength(amounts.length);
    for (const { amount, said } of rows) {
      expect([seed, amount, usdt(amount).replace("−", "-")]).toEqual([seed, amount, said]);
      const { sign, whole, decimals } = partsOf(amount);
      const digits = `${sign.replace("−", "-")}${whole.replaceAll(",", "")}${decimals}`;
      expect([seed, amount, BigInt(digits)]).toEqual([seed, amount, BigInt(amount)]);
    }
  } finally {
    await database.close();
  }
  // deno-lint-ignore no-console -- figures for whoever asks
  console.log(`${amounts.length} amounts, SEED=${seed}`);
});
