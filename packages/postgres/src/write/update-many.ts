import { catalogOf, type TableName } from "../catalog/catalog.ts";
import { abortable } from "../connection/abortable.ts";
import type { Queryable, Row } from "../connection/queryable.ts";
import type { RowSource } from "./input/row-source.ts";
import { updateOperation } from "./operation/update-operation.ts";
import { runAtomic } from "./run/run-chunks.ts";
import { runInParts } from "./run/run-in-parts.ts";
import { rowKey } from "./statement/row-key.ts";
import {
  type BatchOptions,
  type BatchResult,
  checkedOptions,
  type ReturningOptions,
} from "./write-options.ts";

export interface UpdateManyOptions extends BatchOptions, ReturningOptions {
  /** Columns that hold a whole unique key; default the primary key. Every row must have them. */
  readonly key?: readonly string[];
}

/**
 * Updates rows by key, each with the columns that it has: `undefined` or absent leaves a column as it is, `null` makes it NULL.
 *
 * The result is the same as of one UPDATE per row in the order of the input. `rows[i]` is `null` where no row has the key.
 *
 * @throws {BadRowError} for a row that cannot be written, with its index and column; nothing is written
 * @throws {PartialWriteError} instead, with `atomic: false`
 * @throws {InvalidArgumentError} when `key` holds no unique key
 * @throws {UnknownTableError} {@link UnknownColumnError}
 * @throws `signal.reason`; nothing is written
 */
export async function updateMany<R = Row>(
  db: Queryable,
  table: TableName,
  rows: RowSource,
  options: UpdateManyOptions = {},
): Promise<BatchResult<R>> {
  const { chunk, atomic } = checkedOptions(options);
  const { signal, onChunk, returning } = options;
  const catalog = catalogOf(db);
  const run = {
    db,
    rows,
    chunkRows: chunk,
    signal,
    onChunk,
    create: async () => {
      const facts = await abortable(catalog.table(table), options.signal);
      return updateOperation(facts, { key: rowKey(facts, options.key), returning });
    },
    forget: () => catalog.forget(table),
  };
  const { outcome, inputCount } = await (atomic ? runAtomic(run) : runInParts(run));
  return {
    rowCount: outcome.rowCount,
    rows: returning === undefined ? [] : outcome.rowsOf(inputCount),
  };
}
