import { open } from "node:fs/promises";
import { PAGE_BYTES, setPageChecksum } from "./page-checksum.ts";

/*
 * Layouts: PostgreSQL 18, src/include/storage/bufpage.h (PageHeaderData, 24 bytes) and src/include/access/nbtree.h
 * (BTMetaPageData after the header, BTPageOpaqueData in the last 16 bytes).
 */
const META = { root: 32, level: 36, fastRoot: 40, fastLevel: 44 } as const;
const HEADER = { lower: 12, upper: 14, special: 16, sizeAndVersion: 18 } as const;
const HEADER_BYTES = 24;
const LINE_POINTER_BYTES = 4;
const OPAQUE_BYTES = 16;
const PAGE_LAYOUT_VERSION = 4;
const LEAF_FLAG = 1;
const ROOT_FLAG = 2;
const PIVOT_BYTES = 8;
/** In `t_info`: the TID's offset field holds a key count (here none: minus infinity). */
const PIVOT_FLAG = 0x2000;
const NORMAL_LINE_POINTER = 1;

/**
 * Gives an empty B-tree the height of the real one, for the cost of a descent is charged per level.
 *
 * The root is a chain down to an empty leaf: the planner looks at the ends of an index to sharpen histogram bounds, must find
 * pages there, and falls back to the histogram when they hold nothing.
 *
 * @param path - first segment of an index that no session has read since its creation
 * @param height - levels above the leaves; 0 leaves a root that is a leaf
 * @returns pages that the file needs at least
 */
export async function forgeBtreeHeight(path: string, height: number): Promise<number> {
  const rootBlock = height + 1;
  const file = await open(path, "r+");
  try {
    const meta = Buffer.alloc(PAGE_BYTES);
    await file.read(meta, 0, PAGE_BYTES, 0);
    meta.writeUInt32LE(rootBlock, META.root);
    meta.writeUInt32LE(height, META.level);
    meta.writeUInt32LE(rootBlock, META.fastRoot);
    meta.writeUInt32LE(height, META.fastLevel);
    setPageChecksum(meta, 0);
    await file.write(meta, 0, PAGE_BYTES, 0);
    for (let block = 1; block <= rootBlock; block += 1) {
      const page = chainPage(block, rootBlock);
      await file.write(page, 0, PAGE_BYTES, block * PAGE_BYTES);
    }
  } finally {
    await file.close();
  }
  return rootBlock + 1;
}

/** Block 1 is the leaf; block k + 1 has one downlink, to block k. */
function chainPage(block: number, rootBlock: number): Buffer {
  const page = Buffer.alloc(PAGE_BYTES);
  const special = PAGE_BYTES - OPAQUE_BYTES;
  const level = block - 1;
  const upper = level === 0 ? special : special - PIVOT_BYTES;
  page.writeUInt16LE(level === 0 ? HEADER_BYTES : HEADER_BYTES + LINE_POINTER_BYTES, HEADER.lower);
  page.writeUInt16LE(upper, HEADER.upper);
  page.writeUInt16LE(special, HEADER.special);
  page.writeUInt16LE(PAGE_BYTES | PAGE_LAYOUT_VERSION, HEADER.sizeAndVersion);
  if (level > 0) {
    // Line pointer: 15 bits offset, 2 bits flags, 15 bits length.
    page.writeUInt32LE(
      (upper | (NORMAL_LINE_POINTER << 15) | (PIVOT_BYTES << 17)) >>> 0,
      HEADER_BYTES,
    );
    page.writeUInt16LE(level >>> 16, upper);
    page.writeUInt16LE(level & 0xffff, upper + 2);
    page.writeUInt16LE(PIVOT_BYTES | PIVOT_FLAG, upper + 6);
  }
  page.writeUInt32LE(level, special + 8);
  page.writeUInt16LE(
    (level === 0 ? LEAF_FLAG : 0) | (block === rootBlock ? ROOT_FLAG : 0),
    special + 12,
  );
  setPageChecksum(page, block);
  return page;
}
