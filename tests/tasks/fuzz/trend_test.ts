import { expect } from "expect";
import { generator } from "@/tests/support/seeded.ts";
import { growth, TREND_MIN } from "@/tasks/fuzz/trend.ts";

const TOLERANCE = { factor: 1.3, least: 20 };

Deno.test("what stays within chance, or is small, does not grow", () => {
  const random = generator(7);
  const noisy = Array.from({ length: 60 }, () => 200 + 40 * random());
  expect(growth(noisy, TOLERANCE)).toBe(null);
  // A few outliers at the end.
  expect(growth([...noisy, 2000, 2000, 2000], TOLERANCE)).toBe(null);
  expect(growth([1, 1, 1, 5, 5, 5], TOLERANCE)).toBe(null);
  expect(growth(noisy.map((value, place) => value - place), TOLERANCE)).toBe(null);
});

Deno.test("what grows slowly and for good does", () => {
  const random = generator(7);
  const leaking = Array.from({ length: 60 }, (_, minute) => 200 + 40 * random() + 3 * minute);
  const found = growth(leaking, TOLERANCE);
  expect(found?.from).toBeGreaterThan(200);
  expect(found?.to).toBeGreaterThan(300);
  expect(growth(leaking.slice(0, TREND_MIN - 1), TOLERANCE)).toBe(null);
});
