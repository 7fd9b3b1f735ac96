/**
 * A `Date` as PostgreSQL reads it.
 *
 * @param isInstant - for `timestamptz`: in UTC, exact everywhere. Else local time with its offset, as pg writes it: a `timestamp` or `date` column
 * drops the offset, and pg reads the column back as local time
 * @throws {TypeError} for an invalid date
 */
export function dateText(date: Date, isInstant: boolean): string {
  if (Number.isNaN(date.getTime())) throw new TypeError("is an invalid Date");
  const parts = isInstant ? utcParts(date) : localParts(date);
  const isBefore = parts.year < 1;
  // There is no year 0: JavaScript's 0 is 1 BC.
  const year = isBefore ? 1 - parts.year : parts.year;
  const day = `${digits(year, 4)}-${digits(parts.month + 1, 2)}-${digits(parts.day, 2)}`;
  const time = `${digits(parts.hours, 2)}:${digits(parts.minutes, 2)}:${digits(parts.seconds, 2)}.${digits(parts.ms, 3)}`;
  return `${day}T${time}${parts.offset}${isBefore ? " BC" : ""}`;
}

interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly ms: number;
  readonly offset: string;
}

function utcParts(date: Date): DateParts {
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    hours: date.getUTCHours(),
    minutes: date.getUTCMinutes(),
    seconds: date.getUTCSeconds(),
    ms: date.getUTCMilliseconds(),
    offset: "+00:00",
  };
}

function localParts(date: Date): DateParts {
  const offsetMinutes = -Math.trunc(date.getTimezoneOffset());
  const distance = Math.abs(offsetMinutes);
  return {
    year: date.getFullYear(),
    month: date.getMonth(),
    day: date.getDate(),
    hours: date.getHours(),
    minutes: date.getMinutes(),
    seconds: date.getSeconds(),
    ms: date.getMilliseconds(),
    offset: `${offsetMinutes < 0 ? "-" : "+"}${digits(Math.floor(distance / 60), 2)}:${digits(distance % 60, 2)}`,
  };
}

function digits(number: number, count: number): string {
  return String(number).padStart(count, "0");
}
