/**
 * Tokens that prove nothing, at each of the four doors: the API, REST, Realtime and Auth.
 *
 * @module
 */
import { expect } from "expect";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import { foreignTo, leaksIn, plantTenants, type Tenants } from "@/tests/support/isolation/tenants.ts";
import {
  type ForgedToken,
  forgedTokens,
  misissuedTokens,
  signedToken,
  type Victim,
} from "@/tests/support/isolation/tokens.ts";
import { openDoorToRealtime } from "@/tests/support/isolation/realtime_door.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";

let platform: TestPlatform;
let tenants: Tenants;
let victim: Victim;

Deno.test.beforeAll(async () => {
  platform = await openTestPlatform();
  tenants = await plantTenants(platform);
  const client = platform.client();
  await tenants.alice.signIn(client);
  const token = (await client.auth.getSession()).data.session?.access_token ?? "";
  const claims = JSON.parse(atob(token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? ""));
  victim = { signingKey: platform.signingKey, claims };
});
Deno.test.afterAll(() => platform.close());

/** The platform that all of them share has timers and processes of its own. */
function doorTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}

/** What a door answers: a status (Realtime: of the reply) and everything else it said. */
interface Answer {
  readonly status: number | string;
  readonly text: string;
}

/** Each door, knocked at with this token for what is alice's. */
const DOORS: Record<string, (token: string) => Promise<Answer>> = {
  API: (token) => ask(`/functions/v1/api/vaults/${tenants.alice.address}`, { authorization: `Bearer ${token}` }),
  "API's alerts": (token) => ask("/functions/v1/api/alerts", { authorization: `Bearer ${token}` }),
  REST: (token) => ask("/rest/v1/vaults", { apikey: platform.publishable, authorization: `Bearer ${token}` }),
  "REST as the key": (token) => ask("/rest/v1/vaults", { apikey: token }),
  Auth: (token) => ask("/auth/v1/user", { apikey: platform.publishable, authorization: `Bearer ${token}` }),
  "Auth's admin": (token) =>
    ask("/auth/v1/admin/users", { apikey: platform.publishable, authorization: `Bearer ${token}` }),
  async Realtime(token): Promise<Answer> {
    await using door = await openDoorToRealtime(platform);
    const reply = await door.join(`vault:${tenants.alice.address}`, { private: true }, token);
    return { status: /"status":"ok"/.test(reply) ? "ok" : "refused", text: reply };
  },
};

async function ask(path: string, headers: Record<string, string>): Promise<Answer> {
  const response = await fetch(`${platform.url}${path}`, { headers });
  return { status: response.status, text: [...response.headers].flat().join(" ") + await response.text() };
}

/** Knocks at every door with every token; answers where somebody was let in. */
async function letIn(tokens: readonly ForgedToken[], doors: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { name, token } of tokens) {
    await Promise.all(doors.map(async (door) => {
      const answer = await DOORS[door]?.(token);
      if (!answer) throw new Error(door);
      const isRefused = answer.status === "refused" || answer.status === 401 || answer.status === 403;
      const leaks = leaksIn(answer.text, tenants.alice.address + token, foreignTo(tenants));
      if (!isRefused || leaks.length > 0) wrong.push(`${door}, ${name}: ${answer.status} ${leaks}`);
    }));
  }
  return wrong;
}

doorTest("row 52: no token that was not signed by Auth opens the API, REST, Realtime or Auth", async () => {
  const tokens = await forgedTokens(victim);
  expect(await letIn(tokens, Object.keys(DOORS))).toEqual([]);
  showFigure(`${tokens.length} forged tokens at ${Object.keys(DOORS).length} doors`);
  expect(tokens.length).toBeGreaterThanOrEqual(72);
  // The doors are there, and the genuine token opens those that are alice's.
  const genuine = await signedToken(victim);
  for (const door of ["API", "API's alerts", "REST", "Auth", "Realtime"]) {
    const answer = await DOORS[door]?.(genuine);
    expect([door, answer?.status]).toEqual([door, door === "Realtime" ? "ok" : 200]);
  }
});

doorTest(
  "row 52: a token that Auth signed is refused when it is too old, too early, for others, or of a reserved role",
  async () => {
    const tokens = await misissuedTokens(victim);
    expect(await letIn(tokens, ["API", "API's alerts", "REST", "Realtime"])).toEqual([]);
    // Auth asks whose a token is, not which role it names: it shows nobody but that user.
    expect(await letIn(tokens.filter(({ name }) => !name.includes("role")), ["Auth"])).toEqual([]);
    showFigure(`${tokens.length} misissued tokens at 5 doors`);
  },
);

doorTest("row 52: an empty, doubled or misplaced token is nobody's", async () => {
  const genuine = await signedToken(victim);
  const odd: Record<string, string>[] = [
    { authorization: "" },
    { authorization: "Bearer" },
    { authorization: "Bearer " },
    { authorization: "Bearer null" },
    { authorization: "Bearer undefined" },
    { authorization: genuine },
    { authorization: `Basic ${genuine}` },
    { authorization: `Token ${genuine}` },
    { authorization: `Bearer Bearer ${genuine}` },
    { authorization: `Bearer ${genuine}, Bearer ${genuine}` },
    { "x-authorization": `Bearer ${genuine}` },
    { cookie: `sb-access-token=${genuine}; access_token=${genuine}` },
    { "x-supabase-role": "service_role", "x-client-info": "service_role" },
    { apikey: "" },
  ];
  for (const headers of odd) {
    for (const path of ["/functions/v1/api/alerts", "/rest/v1/vaults"]) {
      const { status, text } = await ask(path, { apikey: platform.publishable, ...headers });
      expect([headers, path, status]).toEqual([headers, path, 401]);
      expect(leaksIn(text, "", foreignTo(tenants))).toEqual([]);
    }
  }
});
