import type { Connection } from "../../connection/connection.ts";
import type { Chunk } from "../input/chunk-reader.ts";
import type { WrittenChunk } from "../write-errors.ts";
import type { BatchOperation } from "./batch-operation.ts";
import { groupPart } from "./group-part.ts";
import type { Outcome } from "./outcome.ts";
import { attemptUnderSavepoint } from "./savepoint.ts";
import { type Part, writeCarefully } from "./write-carefully.ts";

/** Rows are sent as they come, and when the server refuses some, once more with care: to find which, and to write what only care can. */
export type Mode = "fast" | "careful";

export interface ChunkWrite {
  readonly connection: Connection;
  readonly operation: BatchOperation;
  readonly chunk: Chunk;
  readonly outcome: Outcome;
  readonly mode: Mode;
  readonly onChunk: ((chunk: WrittenChunk) => void) | undefined;
}

export async function writeChunk(write: ChunkWrite): Promise<void> {
  const { connection, operation, chunk, outcome, mode } = write;
  const before = outcome.rowCount;
  if (mode === "careful") await writeChunkCarefully(connection, operation, chunk, outcome);
  else {
    const groups = await operation.arrange(connection, chunk, outcome);
    for (const group of groups) await operation.write(connection, group, outcome);
  }
  const { firstIndex, inputCount } = chunk;
  write.onChunk?.({ firstIndex, inputCount, rowCount: outcome.rowCount - before });
}

async function writeChunkCarefully(
  connection: Connection,
  operation: BatchOperation,
  chunk: Chunk,
  outcome: Outcome,
): Promise<void> {
  let groups = chunk.groups;
  // A key that cannot be read fails here too: then the rows themselves will tell which.
  await attemptUnderSavepoint(connection, async () => {
    groups = await operation.arrange(connection, chunk, outcome);
  });
  await writeCarefully(connection, operation.table, partsOf(operation, groups, outcome));
}

export function partsOf(
  operation: BatchOperation,
  groups: Chunk["groups"],
  outcome: Outcome,
): readonly Part[] {
  return groups.map((group) => groupPart(operation, group, outcome));
}
