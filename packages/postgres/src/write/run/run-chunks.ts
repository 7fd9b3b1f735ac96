import { hasErrorCode } from "@upshift/foundation";
import type { Connection } from "../../connection/connection.ts";
import { inTransaction } from "../../connection/in-transaction.ts";
import { isPoolLike, type Queryable } from "../../connection/queryable.ts";
import { transactionStatus } from "../../connection/transaction-status.ts";
import { withConnection } from "../../connection/with-connection.ts";
import { type Chunk, ChunkReader } from "../input/chunk-reader.ts";
import { readRows, type Source } from "../input/row-source.ts";
import type { WrittenChunk } from "../write-errors.ts";
import type { BatchOperation } from "./batch-operation.ts";
import { locateBadRow } from "./locate-bad-row.ts";
import { Outcome } from "./outcome.ts";
import { isRowRejection, mayBeStale } from "./rejection.ts";
import { assertCurrent, type Reading, withFreshFacts } from "./with-fresh-facts.ts";
import { writeCarefully } from "./write-carefully.ts";
import { type Mode, partsOf, writeChunk } from "./write-chunk.ts";

export interface RunOptions {
  readonly db: Queryable;
  readonly rows: Source<unknown>;
  /** Makes a row of what the source gives; default: it is one. */
  readonly toRow?: ((item: unknown) => unknown) | undefined;
  readonly chunkRows: number;
  readonly signal: AbortSignal | undefined;
  readonly onChunk: ((chunk: WrittenChunk) => void) | undefined;
  /** Makes the operation of the catalog's facts; each attempt has one of its own. */
  create(): Promise<BatchOperation>;
  /** Lets the catalog be read again. */
  forget(): void;
}

export interface RunResult {
  readonly outcome: Outcome;
  readonly inputCount: number;
}

/**
 * Writes all rows or none: in one statement, else in one transaction.
 *
 * @throws {BadRowError} when a row cannot be written
 */
export function runAtomic(options: RunOptions): Promise<RunResult> {
  return Array.isArray(options.rows)
    ? runArray(options)
    : withFreshFacts(options, (reading) => runOnce(options, reading));
}

async function runArray(options: RunOptions): Promise<RunResult> {
  try {
    return await attempt(options, "fast", {});
  } catch (error) {
    // What was refused before it was sent was refused by what the facts say of its column.
    const isOfFacts = mayBeStale(error) || hasErrorCode(error, "UPSHIFT_BAD_ROW");
    if (!isOfFacts && !isRowRejection(error)) throw error;
    options.forget();
    return attempt(options, "careful", {});
  }
}

async function runOnce(options: RunOptions, reading: Reading): Promise<RunResult> {
  const last: LastChunk = { reading };
  try {
    return await attempt(options, "fast", last);
  } catch (error) {
    const { chunk, operation } = last;
    // Of a source that is read once only the chunk that failed is left.
    if (chunk === undefined || operation === undefined || !isRowRejection(error)) throw error;
    const { groups } = chunk;
    const found = await locateBadRow(options, (connection) =>
      writeCarefully(connection, operation.table, partsOf(operation, groups, new Outcome()), {
        isPartial: true,
      }),
    );
    throw found ?? error;
  }
}

/** What an attempt was at when it failed. */
interface LastChunk {
  chunk?: Chunk;
  operation?: BatchOperation;
  readonly reading?: Reading;
}

async function attempt(options: RunOptions, mode: Mode, last: LastChunk): Promise<RunResult> {
  const { db, rows, signal, onChunk } = options;
  const operation = await options.create();
  const outcome = new Outcome();
  if (last.reading !== undefined) {
    await assertCurrent(db, operation.table, signal);
    last.reading.hasBegun = true;
  }
  const reader = readRows(rows, signal);
  const chunks = new ChunkReader({
    table: operation.table,
    reader,
    sets: operation.sets,
    rowCount: options.chunkRows,
    toRow: options.toRow,
  });
  try {
    // Read before a connection is taken: a source that is slow to begin holds none.
    const first = await chunks.next();
    if (first === undefined) return { outcome, inputCount: 0 };
    const mayBeAlone =
      mode === "fast" &&
      operation.isOneStatement &&
      isOutsideTransactions(db) &&
      // An abort could come too late to undo a statement that is its own transaction, and what `onChunk` throws does.
      signal === undefined &&
      onChunk === undefined &&
      Array.isArray(rows) &&
      first.inputCount === rows.length &&
      first.groups.length === 1;
    const alone = mayBeAlone ? await writeAlone(db, operation, first) : undefined;
    if (alone !== undefined) return { outcome: alone, inputCount: chunks.nextIndex };
    const writeAll = async (connection: Connection): Promise<void> => {
      let chunk: Chunk | undefined = first;
      while (chunk !== undefined) {
        Object.assign(last, { chunk, operation });
        await writeChunk({ connection, operation, chunk, outcome, mode, onChunk });
        chunk = await chunks.next();
      }
    };
    await inTransaction(db, writeAll, { signal });
    return { outcome, inputCount: chunks.nextIndex };
  } finally {
    await reader.close();
  }
}

/** Inside of a transaction of the caller a statement that fails ends that, unless a savepoint is there to go back to. */
function isOutsideTransactions(db: Queryable): boolean {
  return isPoolLike(db) || transactionStatus(db) === "I";
}

/** @returns `undefined`, with nothing written, when it takes more than one statement after all */
function writeAlone(
  db: Queryable,
  operation: BatchOperation,
  chunk: Chunk,
): Promise<Outcome | undefined> {
  return withConnection(db, async (connection) => {
    const outcome = new Outcome();
    const [group, ...others] = await operation.arrange(connection, chunk, outcome);
    if (others.length > 0) return undefined;
    if (group !== undefined) await operation.write(connection, group, outcome);
    return outcome;
  });
}
