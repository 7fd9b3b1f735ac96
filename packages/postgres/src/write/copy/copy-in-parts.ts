import { inTransaction } from "../../connection/in-transaction.ts";
import { readRows, type RowReader } from "../input/row-source.ts";
import { Outcome } from "../run/outcome.ts";
import { TableChanged } from "../run/rejection.ts";
import { type Reading, withFreshFacts } from "../run/with-fresh-facts.ts";
import type { RunOptions } from "../run/run-chunks.ts";
import { PartialWriteError, type WrittenChunk } from "../write-errors.ts";
import { CopyRejection } from "./copy-rejection.ts";
import { acceptsCopy, type CopiedRows, mayCopy, tableTarget } from "./copy-rows.ts";
import { copySlices } from "./copy-slices.ts";
import { locateCopied } from "./locate-copied.ts";

/**
 * Copies each chunk for itself, as `atomic: false` asks: what is copied stays, and the first chunk that fails ends it.
 *
 * @returns `undefined`, with no row read, where the driver or the table has no COPY
 * @throws {PartialWriteError} with the chunks that are written
 * @throws `signal.reason`
 */
export async function copyInParts(options: RunOptions): Promise<CopiedRows | undefined> {
  if (!mayCopy(options.db)) return undefined;
  return withFreshFacts(options, (reading) => copyOnce(options, reading));
}

async function copyOnce(options: RunOptions, reading: Reading): Promise<CopiedRows | undefined> {
  const { db, rows, signal, chunkRows } = options;
  const operation = await options.create();
  const written: WrittenChunk[] = [];
  let reader: RowReader | undefined;
  let inputCount = 0;
  let rowCount = 0;
  try {
    for (;;) {
      const part = await inTransaction(
        db,
        async (connection) => {
          if (reader === undefined && !(await acceptsCopy(connection, operation.table)))
            return undefined;
          reading.hasBegun = true;
          reader ??= readRows(rows, signal);
          const outcome = new Outcome();
          const read = await copySlices(connection, {
            target: tableTarget(connection, operation, outcome),
            sets: operation.sets,
            reader,
            signal,
            sliceRows: chunkRows,
            firstIndex: inputCount,
            maxSlices: 1,
          });
          return { firstIndex: inputCount, inputCount: read, rowCount: outcome.rowCount };
        },
        { signal },
      );
      if (part === undefined) return undefined;
      if (part.inputCount === 0) return { rowCount, inputCount };
      written.push(part);
      inputCount += part.inputCount;
      rowCount += part.rowCount;
      options.onChunk?.(part);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TableChanged) throw error;
    const cause =
      error instanceof CopyRejection ? await locateCopied(options, operation, error) : error;
    throw new PartialWriteError(written, inputCount, cause);
  } finally {
    await reader?.close();
  }
}
