import { catalogOf, type TableName } from "../catalog/catalog.ts";
import { abortable } from "../connection/abortable.ts";
import type { Queryable, Row } from "../connection/queryable.ts";
import { copyRows } from "./copy/copy-rows.ts";
import type { RowSource } from "./input/row-source.ts";
import { insertOperation } from "./operation/insert-operation.ts";
import { runAtomic } from "./run/run-chunks.ts";
import { runInParts } from "./run/run-in-parts.ts";
import { writeStaged } from "./stage/write-staged.ts";
import {
  type BatchOptions,
  type BatchResult,
  checkedOptions,
  type CopyOptions,
  type IdentityOptions,
  oneOf,
  type ReturningOptions,
} from "./write-options.ts";

export interface InsertManyOptions
  extends BatchOptions, ReturningOptions, IdentityOptions, CopyOptions {
  /** What a row does that a unique key has already: `'error'`, the default, refuses all rows; `'nothing'` leaves it out. */
  readonly onConflict?: "error" | "nothing";
}

/**
 * Inserts rows in few statements: by UNNEST, by COPY when there are many.
 *
 * A property that is `undefined` or absent is the column's DEFAULT, `null` is NULL. Memory is bounded by a chunk, also for a source without an end.
 * With `returning`, `rows[i]` is what became of input row `i`, `null` where a conflict or a trigger left it out.
 *
 * @throws {BadRowError} for a row that cannot be written, with its index and column; nothing is written
 * @throws {PartialWriteError} instead, with `atomic: false`
 * @throws {InvalidArgumentError} {@link UnknownTableError} {@link UnknownColumnError}
 * @throws `signal.reason`; nothing is written
 */
export async function insertMany<R = Row>(
  db: Queryable,
  table: TableName,
  rows: RowSource,
  options: InsertManyOptions = {},
): Promise<BatchResult<R>> {
  const { chunk, copyFrom, atomic } = checkedOptions(options);
  const { signal, onChunk, returning } = options;
  oneOf(options.onConflict, "onConflict", ["error", "nothing"]);
  const catalog = catalogOf(db);
  const run = {
    db,
    rows,
    chunkRows: chunk,
    signal,
    onChunk,
    create: async () =>
      insertOperation(await abortable(catalog.table(table), options.signal), {
        returning,
        overriding: options.overriding,
        onConflict: options.onConflict === "nothing" ? "ON CONFLICT DO NOTHING" : "",
      }),
    forget: () => catalog.forget(table),
  };
  const isMany = !Array.isArray(rows) || rows.length >= copyFrom;
  if (isMany && copyFrom !== Number.POSITIVE_INFINITY && atomic && returning === undefined) {
    const rowCount =
      options.onConflict === "nothing"
        ? (await writeStaged(run))?.outcome.rowCount
        : (await copyRows(run))?.rowCount;
    if (rowCount !== undefined) return { rowCount, rows: [] };
  }
  const { outcome, inputCount } = await (atomic ? runAtomic(run) : runInParts(run));
  return {
    rowCount: outcome.rowCount,
    rows: returning === undefined ? [] : outcome.rowsOf(inputCount),
  };
}
