import { join } from "node:path";
import { forgeBtreeHeight } from "./btree-file.ts";
import { extendRelationFile } from "./relation-file.ts";

/** A relation's file as it should look to the planner. */
export interface FileSize {
  /** Below the data directory. */
  readonly path: string;
  readonly pages: number;
  /** `heap`, or the access method. */
  readonly method: string;
  /** B-tree: levels above the leaves. */
  readonly height?: number | undefined;
}

/** Files worked on at once. */
const CONCURRENCY = 16;

/** Brings files to size; no session may have read their pages yet. */
export async function sizeFiles(
  dataDirectory: string,
  files: readonly FileSize[],
  signal?: AbortSignal,
): Promise<void> {
  for (let start = 0; start < files.length; start += CONCURRENCY) {
    signal?.throwIfAborted();
    await Promise.all(
      files.slice(start, start + CONCURRENCY).map((file) => sizeFile(dataDirectory, file)),
    );
  }
}

async function sizeFile(dataDirectory: string, file: FileSize): Promise<void> {
  const path = join(dataDirectory, file.path);
  if (file.method === "btree" && file.pages > 1) await forgeBtreeHeight(path, file.height ?? 0);
  // Other methods: hash, GiST and SP-GiST are costed by length alone, GIN and BRIN read a metapage that an empty index has.
  await extendRelationFile(path, file.pages);
}
