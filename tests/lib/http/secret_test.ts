import { expect } from "expect";
import { isCron } from "@/lib/http/cron_secret.ts";
import { isSecret, secretsFromList } from "@/lib/http/secret.ts";

Deno.test("row 45: isSecret() takes each of the secrets and nothing else, and none where none is set", () => {
  const secrets = ["the old one", "the new one"];
  for (const secret of secrets) expect(isSecret(secret, secrets)).toBe(true);
  for (
    const wrong of ["", " ", "the old on", "the old one ", "The old one", "the old one,the new one", null, undefined]
  ) {
    expect([wrong, isSecret(wrong, secrets)]).toEqual([wrong, false]);
  }
  for (const given of ["", "anything", null, undefined]) {
    expect([given, isSecret(given, [])]).toEqual([given, false]);
    expect([given, isSecret(given, [""])]).toEqual([given, false]);
  }
});

Deno.test("secretsFromList() leaves out what is empty, and the space around", () => {
  expect(secretsFromList(undefined)).toEqual([]);
  expect(secretsFromList(" , ,")).toEqual([]);
  expect(secretsFromList(" one, two two ,,three")).toEqual(["one", "two two", "three"]);
});

Deno.test("isCron() takes the secret as a bearer's and in no other way, and nothing where it is not set", () => {
  expect(isCron("Bearer s", "s")).toBe(true);
  for (
    const given of ["s", "Bearer", "Bearer ", "Bearer  s", "Bearer s ", "Basic s", "Bearer S", "", null, undefined]
  ) {
    expect([given, isCron(given, "s")]).toEqual([given, false]);
    expect([given, isCron(given, undefined)]).toEqual([given, false]);
    expect([given, isCron(given, "")]).toEqual([given, false]);
  }
});
