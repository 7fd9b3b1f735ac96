import { InvalidArgumentError } from "@upshift/foundation";

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 2 ** 10,
  mb: 2 ** 20,
  gb: 2 ** 30,
};

/**
 * @param size - bytes, or text such as `64mb`
 * @param name - of the option, for the error
 * @throws {InvalidArgumentError}
 */
export function parseBytes(size: number | string, name: string): number {
  const [, amount = "", unit = ""] =
    /^\s*(\d+(?:\.\d+)?)\s*([kmg]?b|)\s*$/i.exec(String(size)) ?? [];
  const bytes = Math.floor(
    Number(amount === "" ? Number.NaN : amount) * (UNITS[unit.toLowerCase()] ?? Number.NaN),
  );
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw new InvalidArgumentError(`\`${name}\` as a number of bytes or text like "64mb"`, size);
  return bytes;
}
