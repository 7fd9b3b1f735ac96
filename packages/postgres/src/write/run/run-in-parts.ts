import { inTransaction } from "../../connection/in-transaction.ts";
import { type Chunk, ChunkReader } from "../input/chunk-reader.ts";
import { readRows } from "../input/row-source.ts";
import { PartialWriteError, type WrittenChunk } from "../write-errors.ts";
import type { BatchOperation } from "./batch-operation.ts";
import { Outcome } from "./outcome.ts";
import { isRowRejection } from "./rejection.ts";
import type { RunOptions, RunResult } from "./run-chunks.ts";
import { assertCurrent, withFreshFacts } from "./with-fresh-facts.ts";
import { writeChunk } from "./write-chunk.ts";

/**
 * Writes each chunk for itself, as `atomic: false` asks: what is written stays, and the first chunk that fails ends it.
 *
 * @throws {PartialWriteError} with the chunks that are written
 * @throws `signal.reason`
 */
export function runInParts(options: RunOptions): Promise<RunResult> {
  return withFreshFacts(options, async (reading) => {
    const operation = await options.create();
    await assertCurrent(options.db, operation.table, options.signal);
    reading.hasBegun = true;
    return runWith(operation, options);
  });
}

async function runWith(operation: BatchOperation, options: RunOptions): Promise<RunResult> {
  const { signal, toRow } = options;
  const outcome = new Outcome();
  const written: WrittenChunk[] = [];
  const reader = readRows(options.rows, signal);
  const { table, sets } = operation;
  const chunks = new ChunkReader({ table, reader, sets, rowCount: options.chunkRows, toRow });
  let resumeAt = 0;
  try {
    for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) {
      await writePart(options, operation, chunk, outcome, (part) => written.push(part));
      resumeAt = chunk.firstIndex + chunk.inputCount;
      const last = written.at(-1);
      if (last !== undefined) options.onChunk?.(last);
    }
    return { outcome, inputCount: chunks.nextIndex };
  } catch (error) {
    signal?.throwIfAborted();
    throw new PartialWriteError(written, resumeAt, error);
  } finally {
    await reader.close();
  }
}

async function writePart(
  { db, signal }: RunOptions,
  operation: BatchOperation,
  chunk: Chunk,
  outcome: Outcome,
  onWritten: (part: WrittenChunk) => void,
): Promise<void> {
  const write = async (mode: "fast" | "careful"): Promise<void> => {
    const own = new Outcome();
    let part: WrittenChunk | undefined;
    await inTransaction(
      db,
      (connection) =>
        writeChunk({
          connection,
          operation,
          chunk,
          outcome: own,
          mode,
          onChunk: (done) => (part = done),
        }),
      { signal },
    );
    outcome.add(own);
    if (part !== undefined) onWritten(part);
  };
  try {
    await write("fast");
  } catch (error) {
    if (!isRowRejection(error)) throw error;
    await write("careful");
  }
}
