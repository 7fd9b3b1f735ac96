import type { LuaValue } from "./lua-value.ts";

/** As C's `%.<digits>g` writes it. */
export function toGeneral(value: number, digits: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponentText = "0"] = toExponential(value, digits - 1).split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= digits) return `${trimZeros(mantissa)}e${sign(exponent)}`;
  return trimZeros(toFixed(value, Math.max(0, digits - 1 - exponent)));
}

/** JavaScript rounds a half up, C to the even digit. Only what is exactly a half differs. */
export function toFixed(value: number, digits: number): string {
  const rounded = value.toFixed(digits);
  const longer = value.toFixed(Math.min(MOST_DIGITS, digits + LOOK_AHEAD));
  return toEven(rounded, longer, longer.length - Math.min(LOOK_AHEAD, MOST_DIGITS - digits));
}

export function toExponential(value: number, digits: number): string {
  const [rounded = "", exponent = ""] = value.toExponential(digits).split("e");
  const [longer = ""] = value.toExponential(Math.min(MOST_DIGITS, digits + LOOK_AHEAD)).split("e");
  const kept = longer.length - Math.min(LOOK_AHEAD, MOST_DIGITS - digits);
  return `${toEven(rounded, longer, kept)}e${exponent}`;
}

const MOST_DIGITS = 100;
const LOOK_AHEAD = 25;

/** @param kept - characters of `longer` that stand before what is rounded away */
function toEven(rounded: string, longer: string, kept: number): string {
  const rest = longer.slice(kept).replace(".", "");
  const isOdd = /[13579]$/.test(rounded);
  if (!isOdd || !/^50*$/.test(rest)) return rounded;
  return longer.slice(0, kept).replace(/\.$/, "");
}

export function notFinite(value: number): string {
  // What the C library of Linux prints for 0/0.
  if (Number.isNaN(value)) return "-nan";
  return value > 0 ? "inf" : "-inf";
}

/** Two digits at least, with a sign. */
export function sign(exponent: number): string {
  return (exponent < 0 ? "-" : "+") + String(Math.abs(exponent)).padStart(2, "0");
}

function trimZeros(decimal: string): string {
  return decimal.includes(".") ? decimal.replace(/\.?0+$/, "") : decimal;
}

/** As Lua 5.1 writes a number: with 14 digits. Clocks in microseconds lose theirs, in Redis too. */
export function numberToString(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e14
    ? toGeneral0(value)
    : toGeneral(value, 14);
}

function toGeneral0(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** A number, or a string that is one. */
export function toNumber(value: LuaValue): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" ? parseNumber(value) : undefined;
}

export function parseNumber(text: string): number | undefined {
  const match =
    /^[ \t\n\v\f\r]*([+-]?)(0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|nan)[ \t\n\v\f\r]*$/i.exec(
      text,
    );
  if (match === null) return undefined;
  const [, negative, digits = ""] = match;
  const lower = digits.toLowerCase();
  // strtod takes these two as well.
  const special = lower === "inf" ? Number.POSITIVE_INFINITY : Number.NaN;
  const value = lower === "inf" || lower === "nan" ? special : Number(digits);
  return negative === "-" ? -value : value;
}
