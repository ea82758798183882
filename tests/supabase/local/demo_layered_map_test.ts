import { expect } from "expect";
import { LayeredMap } from "@/supabase/local/demo/layered_map.ts";
import { createRandom } from "@/supabase/local/demo/random.ts";
import { chosenSeed } from "@/tests/support/seeded.ts";

Deno.test("a layered map is what a copied one would be, and every earlier one stays", () => {
  const seed = chosenSeed();
  const random = createRandom(`layers ${seed}`);
  let model: ReadonlyMap<number, number> = new Map([[7, 1], [3, 2]]);
  let map = LayeredMap.of(model);
  const kept: [LayeredMap<number, number>, ReadonlyMap<number, number>][] = [];
  for (let step = 0; step < 2_000; step++) {
    const [key, value] = [random.between(0, 600), random.between(0, 9)];
    model = new Map(model).set(key, value);
    map = map.with(key, value);
    if (step % 100 === 0) kept.push([map, model]);
    expect([seed, map.size, map.get(key), map.has(-1), map.get(-1)]).toEqual([
      seed,
      model.size,
      value,
      false,
      undefined,
    ]);
  }
  for (const [one, other] of [...kept, [map, model] as const]) {
    expect([seed, [...one]]).toEqual([seed, [...other]]);
    expect([[...one.keys()], [...one.values()]]).toEqual([[...other.keys()], [...other.values()]]);
    const visited: [number, number][] = [];
    one.forEach((value, key) => visited.push([key, value]));
    expect(visited).toEqual([...other]);
  }
  expect(LayeredMap.of(map)).toBe(map);
});
