import type { Random } from "./number-map.ts";

/** A strictly increasing map of instants that leaves the moment of the snapshot where it is. */
export interface TimeMap {
  /**
   * @param text - a date or timestamp in ISO form, with or without offset
   * @returns the same form: a date stays a date, an offset becomes `+00`; `null` when it is no such text
   */
  timestamp(text: string, form: "date" | "as-written" | "timestamp"): string | null;
  /** `HH:MM:SS`, within the day. */
  timeOfDay(text: string): string | null;
}

const TIMESTAMP =
  /^(\d{4,6})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\s*(Z|[+-]\d{2}(?::?\d{2})?(?::?\d{2})?)?)?$/;
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?([+-]\d{2}(?::?\d{2})?)?$/;

const SECOND_US = 1_000_000n;
const DAY_US = 86_400n * SECOND_US;
/** Distances from now at which the factor changes. */
const KNOTS_US = [60n, 3_600n, 86_400n, 604_800n, 7_776_000n, 94_608_000n, 946_080_000n].map(
  (seconds) => seconds * SECOND_US,
);
const PARTS = 1_000_000n;

/**
 * Moves every instant away from the moment of the snapshot, by 2 to 10 % of its distance: what `now() - interval '7 days'`
 * selects stays nearly the same share, while no date but those of the last days keeps its value.
 */
export function createTimeMap(nowMs: number, random: Random): TimeMap {
  const nowUs = BigInt(nowMs) * 1_000n;
  const factors = [...KNOTS_US, 0n].map(() => BigInt(Math.round(1_020_000 + 80_000 * random())));
  const noon = 0.4 + 0.07 * random();
  const move = (us: bigint): bigint => {
    const isPast = us < nowUs;
    const distance = stretch(isPast ? nowUs - us : us - nowUs, factors);
    return isPast ? nowUs - distance : nowUs + distance;
  };
  return {
    timestamp: (text, form) => {
      const match = TIMESTAMP.exec(text.trim());
      if (match === null) return null;
      const us = toMicroseconds(match);
      if (us === null) return null;
      const moved = move(us);
      if (form === "date") return formatDate(floorDivide(moved, DAY_US));
      const offset = match[8] === undefined ? "" : "+00";
      return `${formatTimestamp(moved, match[7] !== undefined)}${offset}`;
    },
    timeOfDay: (text) => {
      const match = TIME.exec(text.trim());
      if (match === null) return null;
      const seconds = Number(match[1]) * 3_600 + Number(match[2]) * 60 + Number(match[3] ?? 0);
      if (seconds > 86_400) return null;
      const half = 43_200;
      const bent =
        seconds <= half ? seconds * 2 * noon : 86_400 * noon + (seconds - half) * 2 * (1 - noon);
      return `${clock(BigInt(Math.min(86_399, Math.round(bent))))}${match[5] ?? ""}`;
    },
  };
}

function stretch(distance: bigint, factors: readonly bigint[]): bigint {
  let at = 0n;
  let to = 0n;
  for (const [index, knot] of KNOTS_US.entries()) {
    const knotTo = (knot * (factors[index] ?? PARTS)) / PARTS;
    if (distance < knot) return to + ((distance - at) * (knotTo - to)) / (knot - at);
    at = knot;
    to = knotTo;
  }
  return to + ((distance - at) * (factors.at(-1) ?? PARTS)) / PARTS;
}

function toMicroseconds(match: RegExpExecArray): bigint | null {
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  if (year === undefined || month === undefined || day === undefined) return null;
  if (month < 1 || month > 12 || day < 1 || day > 31) return null;
  const days = daysFromCivil(year, month, day);
  const seconds = (hour ?? 0) * 3_600 + (minute ?? 0) * 60 + (second ?? 0);
  const fraction = BigInt((match[7] ?? "").padEnd(6, "0"));
  const local = BigInt(days) * DAY_US + BigInt(seconds) * SECOND_US + fraction;
  return local - BigInt(offsetSeconds(match[8])) * SECOND_US;
}

function offsetSeconds(offset: string | undefined): number {
  if (offset === undefined || offset === "Z") return 0;
  const digits = offset.replaceAll(/\D/g, "");
  const seconds =
    Number(digits.slice(0, 2)) * 3_600 +
    Number(digits.slice(2, 4)) * 60 +
    Number(digits.slice(4, 6));
  return offset.startsWith("-") ? -seconds : seconds;
}

function formatTimestamp(us: bigint, hasFraction: boolean): string {
  const days = floorDivide(us, DAY_US);
  const rest = us - days * DAY_US;
  const fraction = (rest % SECOND_US).toString().padStart(6, "0");
  return `${formatDate(days)} ${clock(rest / SECOND_US)}${hasFraction ? `.${fraction}` : ""}`;
}

function clock(seconds: bigint): string {
  return [seconds / 3_600n, (seconds / 60n) % 60n, seconds % 60n]
    .map((part) => part.toString().padStart(2, "0"))
    .join(":");
}

/** Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": proleptic Gregorian, any year. */
function daysFromCivil(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function formatDate(daysSinceEpoch: bigint): string {
  const days = Number(daysSinceEpoch) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  // Year 0 is 1 BC; stretching moves only dates of the first century there.
  if (year < 1) return "0001-01-01";
  return `${String(year).padStart(4, "0")}-${pad(month)}-${pad(day)}`;
}

function pad(part: number): string {
  return String(part).padStart(2, "0");
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value < 0n && value % by !== 0n ? quotient - 1n : quotient;
}
