import type { Key } from "../redis.ts";

export const SLOT_COUNT = 16_384;

const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * The slot of a key in a cluster: CRC16 of the key, or of what stands between its first `{` and the next `}` where that is not empty.
 *
 * Source: Redis Cluster specification, "Key distribution model" and "Hash tags"; CRC-16/XMODEM, polynomial 0x1021
 */
export function keySlot(key: Key): number {
  if (typeof key !== "string") return slotOfBytes(key);
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  const hasTag = close > open + 1;
  const to = hasTag ? close : key.length;
  let crc = 0;
  for (let index = hasTag ? open + 1 : 0; index < to; index += 1) {
    const code = key.charCodeAt(index);
    // Keys are hashed as their bytes; for ASCII those are the characters.
    if (code > 127) return slotOfBytes(Buffer.from(key));
    crc = next(crc, code);
  }
  return crc % SLOT_COUNT;
}

function slotOfBytes(key: Buffer): number {
  const open = key.indexOf(OPEN);
  const close = open < 0 ? -1 : key.indexOf(CLOSE, open + 1);
  const hashed = close > open + 1 ? key.subarray(open + 1, close) : key;
  let crc = 0;
  for (const byte of hashed) crc = next(crc, byte);
  return crc % SLOT_COUNT;
}

const TABLE: Readonly<Uint16Array> = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

function next(crc: number, byte: number): number {
  return ((crc << 8) & 0xffff) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] ?? 0);
}
