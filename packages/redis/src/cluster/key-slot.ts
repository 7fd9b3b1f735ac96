export const SLOT_COUNT = 16_384;

/**
 * The slot of a key in a cluster: CRC16 of the key, or of what stands between its first `{` and the next `}` where that is not empty.
 *
 * Source: Redis Cluster specification, "Key distribution model" and "Hash tags"; CRC-16/XMODEM, polynomial 0x1021
 */
export function keySlot(key: string): number {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  return close > open + 1 ? crc16(key, open + 1, close) : crc16(key, 0, key.length);
}

const TABLE: Readonly<Uint16Array> = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

function crc16(text: string, from: number, to: number): number {
  let crc = 0;
  for (let index = from; index < to; index += 1) {
    const code = text.charCodeAt(index);
    // Keys are hashed as their bytes; for ASCII those are the characters.
    if (code > 127) return crc16OfBytes(Buffer.from(text.slice(from, to)));
    crc = next(crc, code);
  }
  return crc & (SLOT_COUNT - 1);
}

function crc16OfBytes(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) crc = next(crc, byte);
  return crc & (SLOT_COUNT - 1);
}

function next(crc: number, byte: number): number {
  return ((crc << 8) & 0xffff) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] ?? 0);
}
