const DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun";
const LONG_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const MONTH = MONTHS.join("|");
const TIME = "(?<time>\\d\\d:\\d\\d:\\d\\d)";

const IMF_FIXDATE = new RegExp(
  `^(?:${DAYS}), (?<day>\\d\\d) (?<month>${MONTH}) (?<year>\\d{4}) ${TIME} GMT$`,
);
const RFC_850 = new RegExp(
  `^(?:${LONG_DAYS}), (?<day>\\d\\d)-(?<month>${MONTH})-(?<year>\\d\\d) ${TIME} GMT$`,
);
const ASCTIME = new RegExp(
  `^(?:${DAYS}) (?<month>${MONTH}) (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`,
);

/**
 * The time of an HTTP date in any of its three formats, in ms since the epoch.
 *
 * @param nowMs - decides the century of the two-digit year of RFC 850
 * @returns `undefined` when it is not a date; the day of the week is not compared with the date
 * Source: RFC 9110 5.6.7
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const { groups } = IMF_FIXDATE.exec(text) ?? ASCTIME.exec(text) ?? RFC_850.exec(text) ?? {};
  if (groups === undefined) return undefined;
  const { day = "", month = "", year = "", time = "" } = groups;
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  // 60 is a leap second; as a time it is the second after.
  if (hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const fullYear = year.length === 2 ? fullYearOf(Number(year), nowMs) : Number(year);
  const date = new Date(0);
  date.setUTCFullYear(fullYear, MONTHS.indexOf(month), Number(day));
  if (date.getUTCDate() !== Number(day)) return undefined;
  return date.setUTCHours(hours, minutes, seconds);
}

/** More than 50 years ahead means the most recent year in the past with these digits. */
function fullYearOf(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  if (year > thisYear + 50) return year - 100;
  // At the end of a century the digits of the next one are nearer.
  return year + 100 <= thisYear + 50 ? year + 100 : year;
}

/** @returns in the format of `Last-Modified`; HTTP dates have whole seconds */
export function formatHttpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString();
}
