import { InvalidArgumentError } from "./invalid-argument-error.ts";

/** Milliseconds as a number, or text such as `'250ms'`, `'1.5s'`, `'10m'`, `'2h'`, `'7d'`. */
export type Duration = number | string;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Milliseconds in a duration.
 *
 * @param name - the option's name, for the error
 * @returns at least 0
 * @throws {InvalidArgumentError} when it is negative, not finite, or not of the documented form
 */
export function toMs(duration: Duration, name: string): number {
  const durationMs = typeof duration === "number" ? duration : parse(duration);
  if (!Number.isFinite(durationMs) || durationMs < 0) {
    throw new InvalidArgumentError(
      `\`${name}\` as milliseconds >= 0 or text like "250ms", "10s", "5m", "2h", "7d"`,
      duration,
    );
  }
  return durationMs;
}

function parse(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*$/.exec(text);
  if (match === null) return Number.NaN;
  const [, amount = "", unit = ""] = match;
  return Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
}
