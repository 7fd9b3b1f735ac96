import { InvalidPositionError } from "./pool-errors.ts";

/** Version of the token's form. */
const VERSION = "1";
const TOKEN = /^1\.([0-9A-F]{1,8})\.([0-9A-F]{1,8})$/;
const LSN = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/;
const LOW_BITS = 32n;

/** Write-ahead log is written in pages of this size, each of which begins with a header of this size. */
const PAGE_BYTES = 8_192n;
const PAGE_HEADER_BYTES = 24n;

/** A place in the write-ahead log as PostgreSQL writes it, `16/B374D848`, as a number of bytes. `undefined` for any other text, and NULL. */
export function parseLsn(text: unknown): bigint | undefined {
  const [, high, low] = (typeof text === "string" ? LSN.exec(text) : null) ?? [];
  return high === undefined || low === undefined ? undefined : combine(high, low);
}

/**
 * A place in the log as text that is safe in cookies, headers and URLs.
 *
 * @param insertLsn - where the next record will begin; a replica reports where its last one ended. Those differ by a page's header when a
 *   record has just filled a page, and without this a replica of an idle primary would seem to lack something.
 */
export function formatPosition(insertLsn: bigint): string {
  const lsn = endOfRecord(insertLsn);
  const low = lsn & ((1n << LOW_BITS) - 1n);
  return `${VERSION}.${hex(lsn >> LOW_BITS)}.${hex(low)}`;
}

/** @throws {InvalidPositionError} for any text that `formatPosition` does not make */
export function parsePosition(token: string): bigint {
  const [, high, low] = (typeof token === "string" ? TOKEN.exec(token) : null) ?? [];
  if (high === undefined || low === undefined) throw new InvalidPositionError();
  return combine(high, low);
}

/** No record ends with a page's header, so such a place is where the page before it ended. */
export function endOfRecord(insertLsn: bigint): bigint {
  return insertLsn % PAGE_BYTES === PAGE_HEADER_BYTES ? insertLsn - PAGE_HEADER_BYTES : insertLsn;
}

function combine(high: string, low: string): bigint {
  return (BigInt(`0x${high}`) << LOW_BITS) | BigInt(`0x${low}`);
}

function hex(value: bigint): string {
  return value.toString(16).toUpperCase();
}
