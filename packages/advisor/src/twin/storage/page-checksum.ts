/** Bytes of a PostgreSQL page. */
export const PAGE_BYTES = 8192;

const LANES = 32;
const FNV_PRIME = 16_777_619;
const CHECKSUM_OFFSET = 8;

/** Seeds of the 32 lanes. Source: PostgreSQL 18, src/include/storage/checksum_impl.h, checksumBaseOffsets */
const SEEDS = Uint32Array.of(
  0x5b1f36e9,
  0xb8525960,
  0x02ab50aa,
  0x1de66d2a,
  0x79ff467a,
  0x9bb9f8a3,
  0x217e7cd2,
  0x83e13d2c,
  0xf8d4474f,
  0xe39eb970,
  0x42c6ae16,
  0x993216fa,
  0x7b093b5d,
  0x98daff3c,
  0xf718902a,
  0x0b1c9cdb,
  0xe58f764b,
  0x187636bc,
  0x5d7b3bb1,
  0xe73de7de,
  0x92bec979,
  0xcca6c0b2,
  0x304a0979,
  0x85aa43d4,
  0x783125bb,
  0x6ca8eaa2,
  0xe407eac6,
  0x4b5cfc3e,
  0x9fbf8c76,
  0x15ca20be,
  0xf2ca9fd3,
  0x959bd756,
);

/**
 * Sets the checksum of a page in place.
 *
 * @param page - 8192 bytes
 * @param block - block number in the whole relation, not in its segment
 * Source: PostgreSQL 18, src/include/storage/checksum_impl.h, pg_checksum_page (FNV-1a, 32 lanes, folded to 1..65535)
 */
export function setPageChecksum(page: Buffer, block: number): void {
  page.writeUInt16LE(0, CHECKSUM_OFFSET);
  const sums = Uint32Array.from(SEEDS);
  for (let offset = 0; offset < PAGE_BYTES; offset += LANES * 4) {
    for (let lane = 0; lane < LANES; lane += 1) {
      sums[lane] = mix(sums[lane] ?? 0, page.readUInt32LE(offset + lane * 4));
    }
  }
  // Two rounds of zeroes, so that the last row of the page is mixed as well as the first.
  for (let round = 0; round < 2; round += 1) {
    for (let lane = 0; lane < LANES; lane += 1) sums[lane] = mix(sums[lane] ?? 0, 0);
  }
  let folded = 0;
  for (const sum of sums) folded ^= sum;
  const checksum = (((folded ^ block) >>> 0) % 65_535) + 1;
  page.writeUInt16LE(checksum, CHECKSUM_OFFSET);
}

function mix(sum: number, value: number): number {
  const mixed = sum ^ value;
  return Math.imul(mixed, FNV_PRIME) ^ (mixed >>> 17);
}
