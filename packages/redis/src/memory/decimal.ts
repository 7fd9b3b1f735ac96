import { toGeneral } from "./lua/lua-number.ts";
import { CommandError, NOT_A_FLOAT, NOT_AN_INTEGER } from "./server-reply.ts";

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/** @throws {CommandError} unless it is an integer of 64 bits, without a plus or zeros in front */
export function parseInteger(text: string, message: string = NOT_AN_INTEGER): bigint {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text)) throw new CommandError(message);
  return inRange(BigInt(text), message);
}

export function addIntegers(left: bigint, right: bigint): bigint {
  return inRange(left + right, "ERR increment or decrement would overflow");
}

function inRange(value: bigint, message: string): bigint {
  if (value < LEAST || value > MOST) throw new CommandError(message);
  return value;
}

/** @throws {CommandError} for what is no number, or NaN */
export function parseFloatStrictly(text: string, message: string = NOT_A_FLOAT): number {
  const isSpecial = /^[-+]?inf(?:inity)?$/i.test(text);
  if (isSpecial) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text)) throw new CommandError(message);
  return Number(text);
}

/** A score as Redis 7.0 writes it. */
export function scoreText(score: number): string {
  return toGeneral(score, 17);
}

/** INCRBYFLOAT: exact for decimals, as the 80-bit numbers that Redis counts with are in effect. */
export function addDecimals(left: string, right: string): string {
  const [a, b] = [parseFloatStrictly(left), parseFloatStrictly(right)];
  if (!Number.isFinite(a + b))
    throw new CommandError("ERR increment would produce NaN or Infinity");
  const [x, y] = [scaled(left), scaled(right)];
  if (x === undefined || y === undefined) return String(a + b);
  const places = Math.max(x.places, y.places);
  const sum =
    x.digits * 10n ** BigInt(places - x.places) + y.digits * 10n ** BigInt(places - y.places);
  const digits = (sum < 0n ? -sum : sum).toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places).replace(/0+$/, "");
  return (sum < 0n ? "-" : "") + whole + (fraction === "" ? "" : `.${fraction}`);
}

function scaled(text: string): { readonly digits: bigint; readonly places: number } | undefined {
  const match = /^([-+]?)(\d*)\.?(\d*)$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = ""] = match;
  const digits = BigInt(whole + fraction);
  return { digits: sign === "-" ? -digits : digits, places: fraction.length };
}
