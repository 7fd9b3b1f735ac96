import { InvalidArgumentError } from "@upshift/foundation";

/** A stretch of the calendar that a board starts anew with. Weeks begin on Monday, as ISO 8601 has them. */
export type WindowName = "all" | "hourly" | "daily" | "weekly" | "monthly";

const DAY_MS = 86_400_000;

/** The longest that a window of each kind can be. */
export const WINDOW_LENGTH_MS: Readonly<Record<Exclude<WindowName, "all">, number>> = {
  hourly: 3_600_000,
  daily: DAY_MS + 3_600_000,
  weekly: 7 * DAY_MS + 3_600_000,
  monthly: 31 * DAY_MS + 3_600_000,
};

/** @throws {InvalidArgumentError} */
export function assertWindows(windows: readonly WindowName[]): void {
  const isFit =
    Array.isArray(windows) &&
    windows.length > 0 &&
    new Set(windows).size === windows.length &&
    windows.every((window) => window === "all" || Object.hasOwn(WINDOW_LENGTH_MS, window));
  if (!isFit)
    throw new InvalidArgumentError(
      "`windows` as different ones of all, hourly, daily, weekly, monthly in a list",
      windows,
    );
}

/** Names windows by the calendar of one time zone. */
export interface BoardCalendar {
  /**
   * `all`, `2026-11-22T15`, `2026-11-22`, `2026-W47`, `2026-11`: the same for every moment of a window, another for every other window. (The hour that a clock change repeats
   * is one window.)
   *
   * @param back - 1 names the window before that of `atMs`
   */
  label(window: WindowName, atMs: number, back?: number): string;
}

/**
 * @param timeZone - IANA name
 * @throws {InvalidArgumentError} when the platform does not know it
 */
export function createBoardCalendar(timeZone: string): BoardCalendar {
  const format = dateFormat(timeZone);
  const read = (atMs: number): CalendarDay => {
    const parts = new Map(
      format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]),
    );
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    return { year: part("year"), month: part("month"), day: part("day"), hour: part("hour") };
  };
  return {
    label(window, atMs, back = 0) {
      if (window === "all") return "all";
      if (window === "hourly") {
        const { year, month, day, hour } = read(atMs - back * WINDOW_LENGTH_MS.hourly);
        return `${dateText(Date.UTC(year, month - 1, day))}T${pad(hour)}`;
      }
      // From here on days of the calendar, which no clock change makes longer or shorter.
      const { year, month, day } = read(atMs);
      if (window === "daily") return dateText(Date.UTC(year, month - 1, day - back));
      if (window === "weekly") return isoWeek(Date.UTC(year, month - 1, day - 7 * back));
      return dateText(Date.UTC(year, month - 1 - back, 1)).slice(0, "2026-11".length);
    },
  };
}

function dateText(dayMs: number): string {
  return new Date(dayMs).toISOString().slice(0, "2026-11-22".length);
}

interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
}

/** ISO 8601: the week of a year that holds its first Thursday is week 1. */
function isoWeek(dayMs: number): string {
  const weekday = (new Date(dayMs).getUTCDay() + 6) % 7;
  const thursdayMs = dayMs + (3 - weekday) * DAY_MS;
  const year = new Date(thursdayMs).getUTCFullYear();
  const week = Math.floor((thursdayMs - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  return `${pad(year, 4)}-W${pad(week)}`;
}

function dateFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
    });
  } catch {
    throw new InvalidArgumentError("`timeZone` as an IANA name like 'Europe/Berlin'", timeZone);
  }
}

function pad(number: number, width = 2): string {
  return String(number).padStart(width, "0");
}
