import { Cron } from "croner";
import { expect } from "expect";
import { countDueRuns, type FiveFields, matches } from "@/supabase/local/jobs/cron_schedule.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";

let database: TestDatabase;

Deno.test.beforeAll(async () => {
  database = await openTestDatabase({ migrated: false });
  await database.admin`select 1`;
});

Deno.test.afterAll(async () => {
  await database.close();
});

async function parse(schedule: string): Promise<FiveFields | null> {
  const [row] = await database.admin`select cron._parse_schedule(${schedule}) as parsed`;
  return row?.parsed ?? null;
}

Deno.test("matches() holds at the minutes that another cron implementation finds", async () => {
  const schedules = ["*/7 1-3,20 * * *", "0 0 1 * *", "30 4 1,15 * fri", "0 12 * feb-apr mon-wed", "5 */6 */10 * *"];
  for (const schedule of [...schedules, "0 9 * * 7", "59 23 28-31 12 *"]) {
    const parsed = await parse(schedule);
    // croner takes a stepped star in a day field for a restriction; cron does not, so those differ on purpose.
    const oracle = new Cron(schedule, { timezone: "UTC", mode: "5-part", paused: true });
    let minute = Math.floor(Date.UTC(2027, 10, 1) / 60_000) - 1;
    for (const next of oracle.nextRuns(12, new Date(minute * 60_000))) {
      const expected = Math.floor(next.getTime() / 60_000);
      do minute++; while (parsed && !matches(parsed, minute) && minute <= expected);
      expect([schedule, new Date(minute * 60_000).toISOString()]).toEqual([schedule, next.toISOString()]);
    }
  }
});

Deno.test("matches() takes $ for the last day of any month", async () => {
  const parsed = await parse("0 0 $ * *");
  if (!parsed) throw new Error("not parsed");
  const days = [...Array(366).keys()].map((day) => Math.floor(Date.UTC(2028, 0, 1 + day) / 60_000));
  const hits = days.filter((minute) => matches(parsed, minute)).map((minute) =>
    new Date(minute * 60_000).toISOString().slice(5, 10)
  );
  const lastDays = "01-31 02-29 03-31 04-30 05-31 06-30 07-31 08-31 09-30 10-31 11-30 12-31";
  expect(hits.join(" ")).toBe(lastDays);
});

Deno.test("countDueRuns() makes up for missed minutes as Vixie cron does", async () => {
  const everyMinute = await parse("* * * * *");
  const atNoon = await parse("0 12 * * *");
  if (!everyMinute || !atNoon) throw new Error("not parsed");
  const noon = Math.floor(Date.UTC(2027, 0, 1, 12) / 60_000);
  const ofBoth = (last: number, current: number): number[] =>
    [everyMinute, atNoon].map((schedule) => countDueRuns(schedule, last, current));
  expect(ofBoth(noon, noon)).toEqual([0, 0]);
  expect(ofBoth(noon - 1, noon)).toEqual([1, 1]);
  expect(ofBoth(noon - 1, noon + 4)).toEqual([5, 1]);
  expect(ofBoth(noon - 30, noon + 30)).toEqual([1, 1]);
  expect(ofBoth(noon - 300, noon + 30)).toEqual([1, 0]);
  expect(ofBoth(noon + 30, noon - 30)).toEqual([0, 0]);
});
