import { hkdfSync } from "node:crypto";
import { InvalidArgumentError } from "@upshift/foundation";

/** A key of 256 bits is what HMAC-SHA256 and AES-256 have to work with. */
const LEAST_BYTES = 32;
/** 32 random bytes, also written as hexadecimal digits, have fewer once in billions. */
const LEAST_DISTINCT = 8;
const KEY_BYTES = 32;

/**
 * The key that a secret stands for; another one for signing than for sealing.
 *
 * @throws {InvalidArgumentError} when the secret is short or plainly not random; it is not shown
 */
export function cursorKey(secret: string | Uint8Array, purpose: "sign" | "seal"): Buffer {
  const bytes = secretBytes(secret);
  const info = `@upshift/postgres cursor v1 ${purpose}`;
  return Buffer.from(hkdfSync("sha256", bytes, new Uint8Array(), info, KEY_BYTES));
}

function secretBytes(secret: unknown): Buffer {
  if (typeof secret !== "string" && !(secret instanceof Uint8Array)) {
    throw refusal(`a ${typeof secret}`);
  }
  const bytes = Buffer.from(secret);
  if (bytes.length < LEAST_BYTES) throw refusal(`${bytes.length} bytes`);
  if (isWeak(bytes)) throw refusal(`${bytes.length} bytes that repeat or count`);
  return bytes;
}

/** Few different bytes, one text again and again, or an alphabet. */
function isWeak(bytes: Buffer): boolean {
  const steps = bytes.map((byte, index) => byte - (bytes[index - 1] ?? 0)).subarray(1);
  return isMonotonous(bytes) || isMonotonous(steps) || isRepeated(bytes);
}

function isMonotonous(bytes: Uint8Array): boolean {
  return new Set(bytes).size < LEAST_DISTINCT;
}

function isRepeated(bytes: Buffer): boolean {
  for (let period = 1; period <= bytes.length / 2; period += 1) {
    if (bytes.subarray(period).equals(bytes.subarray(0, -period))) return true;
  }
  return false;
}

function refusal(received: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `every secret of cursors as ${LEAST_BYTES} random bytes or more (openssl rand -base64 32)`,
    received,
  );
}
