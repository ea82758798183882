/**
 * Row 30: more instances of the function than the database has connections for.
 *
 * @module
 */
import { expect } from "expect";
import { openTestDatabase } from "@/tests/support/database.ts";
import { foundAfterwards, heardOtherwise } from "@/tests/support/model/afterwards.ts";
import { openOwnServer } from "@/tests/support/own_server.ts";
import { bodyOf } from "@/tests/support/raw_delivery.ts";
import { batches, generator } from "@/tests/support/seeded.ts";
import { chainItems, openWebhook, readItems, type Webhook } from "@/tests/support/webhook.ts";

const POSTS = 200;
const INSTANCES = 50;
/** Three of them are kept for superusers. */
const CONNECTIONS = "10";

Deno.test("row 30: 200 posts at once to 50 instances on a database with 10 connections get 200 or 503, and all settle when they come again", async () => {
  await using opened = new AsyncDisposableStack();
  const server = await openOwnServer({ settings: { max_connections: CONNECTIONS } });
  opened.defer(() => server.close());
  const database = await openTestDatabase({ server: server.adminUrl, pooler: 0 });
  opened.defer(() => database.close());
  const open = (): Webhook => {
    const webhook = openWebhook(database.url);
    opened.defer(() => webhook.close());
    return webhook;
  };
  const webhooks = Array.from({ length: INSTANCES }, open);
  const items = chainItems("crowd", POSTS);
  const bodies = [...batches(items, 1, generator(1))].map((batch) => bodyOf(...batch));
  const answers = await Promise.all(bodies.map(async (body, number) => {
    const response = await webhooks[number % INSTANCES]?.post(body) ?? Response.error();
    return {
      status: response.status,
      retryAfter: response.headers.get("retry-after"),
      answer: await response.json(),
    };
  }));
  const taken = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 503);
  expect(taken.length + refused.length).toBe(POSTS);
  expect(taken.length).toBeGreaterThan(0);
  expect(refused.length).toBeGreaterThan(0);
  for (const { retryAfter, answer } of refused) {
    expect([retryAfter, answer.error.code]).toEqual(["5", "database_unavailable"]);
  }
  await Promise.all(webhooks.map((webhook) => webhook.close()));
  // What was taken is all that is there: nothing was stored of what was refused.
  const [kept] = await database.admin`select count(*)::integer as count from vaultbook.deliveries`;
  expect(kept?.count).toBe(taken.length);
  const there = items.filter((_, number) => answers[number]?.status === 200);
  expect(await heardOtherwise(database.admin, readItems(there))).toEqual([]);

  const again = open();
  // There is room again, and all of it comes again, otherwise bundled.
  for (const batch of batches(items, 20, generator(2))) {
    expect(await again.send(bodyOf(...batch))).toMatchObject({ received: batch.length, quarantined: 0 });
  }
  expect(await foundAfterwards(database.admin, readItems(items))).toEqual([]);
});
