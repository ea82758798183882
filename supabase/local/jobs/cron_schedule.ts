/**
 * When a job is due, by the rules of Vixie cron as pg_cron applies them, in UTC.
 *
 * @module
 */

/** A schedule as `cron._parse_schedule` reads it. */
export type Schedule = { every_seconds: number } | { at_start: true } | FiveFields;

/** The values at which each field holds. */
export interface FiveFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  /** Also on the last day of the month. */
  readonly last_day: boolean;
  readonly months: readonly number[];
  /** Sunday is 0. */
  readonly weekdays: readonly number[];
  /** Whether both the day and the weekday must hold; otherwise either will do. */
  readonly day_and_weekday: boolean;
  /** Whether minute or hour is a star: such a job is not made up for after the clock has jumped. */
  readonly wildcard: boolean;
}

/** Up to so many minutes late, every missed run is made up for. */
const CATCH_UP_MINUTES = 5;

/** Up to so many minutes late (the machine slept), the missed runs of jobs at fixed times are made up for. */
const FIXED_CATCH_UP_MINUTES = 180;

/**
 * How many runs of a job have become due since the scheduler last looked.
 *
 * @param last the minute it last looked at, in minutes since the epoch; that one is not counted again.
 * @param current the present minute; when it lies before `last`, the clock was set back and nothing is due.
 */
export function countDueRuns(schedule: FiveFields, last: number, current: number): number {
  const passed = current - last;
  if (passed <= 0) return 0;
  const isDueNow = matches(schedule, current) ? 1 : 0;
  const makesUp = passed <= CATCH_UP_MINUTES || (passed <= FIXED_CATCH_UP_MINUTES && !schedule.wildcard);
  if (!makesUp) return isDueNow;
  let missed = 0;
  for (let minute = last + 1; minute < current; minute++) missed += matches(schedule, minute) ? 1 : 0;
  return missed + isDueNow;
}

/** Whether a schedule holds at a minute since the epoch. */
export function matches(schedule: FiveFields, minute: number): boolean {
  const time = new Date(minute * 60_000);
  const tomorrow = new Date((minute + 24 * 60) * 60_000);
  const isDay = schedule.days.includes(time.getUTCDate()) || (schedule.last_day && tomorrow.getUTCDate() === 1);
  const isWeekday = schedule.weekdays.includes(time.getUTCDay());
  return schedule.minutes.includes(time.getUTCMinutes()) &&
    schedule.hours.includes(time.getUTCHours()) &&
    schedule.months.includes(time.getUTCMonth() + 1) &&
    (schedule.day_and_weekday ? isDay && isWeekday : isDay || isWeekday);
}
