import { open } from "node:fs/promises";
import { PAGE_BYTES } from "./page-checksum.ts";

/** Pages per file: relations are cut into segments of 1 GiB, `path`, `path.1`, `path.2`, … */
const SEGMENT_PAGES = 131_072;

/**
 * Extends a relation to its production size without using disk: the planner asks the file system for its length.
 *
 * @param path - the first segment; it exists, and its pages stay as they are
 * @param pages - a file that is longer already is left alone
 */
export async function extendRelationFile(path: string, pages: number): Promise<void> {
  for (let segment = 0, left = pages; left > 0; segment += 1, left -= SEGMENT_PAGES) {
    const sizeBytes = Math.min(left, SEGMENT_PAGES) * PAGE_BYTES;
    const file = await open(
      segment === 0 ? path : `${path}.${segment}`,
      segment === 0 ? "r+" : "a",
    );
    try {
      const { size } = await file.stat();
      if (size < sizeBytes) await file.truncate(sizeBytes);
    } finally {
      await file.close();
    }
  }
}
