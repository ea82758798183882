import { expect } from "expect";
import { apiTest, operator, ownerOf, SERVICE, type TestApi } from "@/tests/support/api.ts";
import { key } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");

/** Something that nobody can read, and its id. */
async function quarantined({ post, sql }: TestApi): Promise<string> {
  expect((await post("no JSON")).status).toBe(200);
  const [item] = await sql<{ id: string }[]>`select id from public.quarantine`;
  return item?.id ?? "";
}

apiTest(
  "POST /api/quarantine/:id/… is for operators and the service, and answers what became of the item",
  async (api) => {
    const id = await quarantined(api);
    const decide = async (
      what: string,
      headers: Headers,
      body = '{"reason": "Looked at"}',
      item = id,
    ): Promise<unknown[]> => {
      headers.set("content-type", "application/json");
      const answer = await api.ask(`/quarantine/${item}/${what}`, headers, { method: "POST", body });
      return [answer.status, answer.body.error?.code ?? answer.body.outcome, answer.body.decided_by];
    };
    for (const what of ["resolve", "replay"]) {
      expect(await decide(what, new Headers())).toEqual([401, "unauthorized", undefined]);
      expect(await decide(what, await ownerOf(alice))).toEqual([403, "operators_only", undefined]);
      expect(await decide(what, await operator(), '{"reason": " "}')).toEqual([400, "body_invalid", undefined]);
      expect(await decide(what, await operator(), '{"reason": "x", "by": "me"}')).toEqual([
        400,
        "body_invalid",
        undefined,
      ]);
      expect(await decide(what, await operator(), "{")).toEqual([400, "body_invalid", undefined]);
      expect(await decide(what, await operator(), undefined, "x")).toEqual([400, "parameter_invalid", undefined]);
      expect(await decide(what, await operator(), undefined, "987654")).toEqual([404, "item_unknown", undefined]);
    }
    expect(await decide("replay", await operator())).toEqual([
      200,
      "quarantined",
      "00000000-0000-4000-8000-000000000001",
    ]);
    expect(await decide("resolve", new Headers(SERVICE))).toEqual([200, "quarantined", "service"]);
    expect(await decide("resolve", await operator())).toEqual([200, "quarantined", "service"]);
    expect(await api.sql`select from public.quarantine`).toHaveLength(0);
    expect(await api.sql`select from public.open_alerts`).toHaveLength(0);
  },
);
