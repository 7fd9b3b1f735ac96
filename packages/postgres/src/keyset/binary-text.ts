/**
 * Text of the bits of a `float4` or `float8`, which PostgreSQL reads back as exactly these bits (of NaN: as a NaN).
 *
 * JavaScript writes the shortest text that a double is the nearest to; a float4 is a double too, and the nearest float4 to that text.
 *
 * @param hex - of `float4send` or `float8send`: 8 or 16 digits
 */
export function floatText(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  const value = bytes.length === 4 ? bytes.readFloatBE() : bytes.readDoubleBE();
  return Object.is(value, -0) ? "-0" : String(value);
}

const MICROSECONDS_PER_SECOND = 1_000_000n;
const MICROSECONDS_PER_MINUTE = 60n * MICROSECONDS_PER_SECOND;
const MICROSECONDS_PER_HOUR = 60n * MICROSECONDS_PER_MINUTE;

/** How PostgreSQL 17 and later write an infinite interval: all three fields at their ends. */
const INFINITE = "7fffffffffffffff7fffffff7fffffff";
const MINUS_INFINITE = "80000000000000008000000080000000";

/**
 * Text of the bits of an `interval`, read back the same under every `IntervalStyle`: every field has a sign of its own, since `sql_standard` takes a first
 * minus for all that follows when nothing else has one.
 *
 * @param hex - of `interval_send`: 8 bytes of microseconds, 4 of days, 4 of months
 */
export function intervalText(hex: string): string {
  if (hex === INFINITE) return "infinity";
  if (hex === MINUS_INFINITE) return "-infinity";
  const bytes = Buffer.from(hex, "hex");
  const microseconds = bytes.readBigInt64BE(0);
  const rest = microseconds < 0n ? -microseconds : microseconds;
  const hours = rest / MICROSECONDS_PER_HOUR;
  const minutes = (rest % MICROSECONDS_PER_HOUR) / MICROSECONDS_PER_MINUTE;
  const seconds = (rest % MICROSECONDS_PER_MINUTE) / MICROSECONDS_PER_SECOND;
  const fraction = String(rest % MICROSECONDS_PER_SECOND).padStart(6, "0");
  const time = `${hours}:${twoDigits(minutes)}:${twoDigits(seconds)}.${fraction}`;
  const days = signed(bytes.readInt32BE(8));
  const months = signed(bytes.readInt32BE(12));
  return `${months} mons ${days} days ${microseconds < 0n ? "-" : "+"}${time}`;
}

function signed(count: number): string {
  return count < 0 ? String(count) : `+${count}`;
}

function twoDigits(count: bigint): string {
  return String(count).padStart(2, "0");
}
