import { catalogOf, type TableName } from "../catalog/catalog.ts";
import type { TableFacts } from "../catalog/table-facts.ts";
import { abortable } from "../connection/abortable.ts";
import type { Queryable, Row } from "../connection/queryable.ts";
import { isRow, type InputRow } from "./input/column-sets.ts";
import type { Source } from "./input/row-source.ts";
import { deleteOperation } from "./operation/delete-operation.ts";
import { runAtomic } from "./run/run-chunks.ts";
import { runInParts } from "./run/run-in-parts.ts";
import { rowKey } from "./statement/row-key.ts";
import {
  type BatchOptions,
  type BatchResult,
  checkedOptions,
  type ReturningOptions,
} from "./write-options.ts";

export interface DeleteManyOptions extends BatchOptions, ReturningOptions {
  /** Columns that hold a whole unique key; default the primary key. */
  readonly key?: readonly string[];
}

/**
 * Deletes rows by key.
 *
 * @param keys - rows that have the columns of the key, whatever else they have; for a key of one column also its values
 * @returns with `returning`, `rows[i]` is what was deleted for key `i`; `null` where no row has it, or an earlier one had it deleted already
 * @throws {BadRowError} for a key that cannot be read, with its index and column; nothing is deleted
 * @throws {PartialWriteError} instead, with `atomic: false`
 * @throws {InvalidArgumentError} when `key` holds no unique key
 * @throws {UnknownTableError} {@link UnknownColumnError}
 * @throws `signal.reason`; nothing is deleted
 */
export async function deleteMany<R = Row>(
  db: Queryable,
  table: TableName,
  keys: Source<unknown>,
  options: DeleteManyOptions = {},
): Promise<BatchResult<R>> {
  const { chunk, atomic } = checkedOptions(options);
  const { signal, onChunk, returning } = options;
  const catalog = catalogOf(db);
  let names: readonly string[] = [];
  const run = {
    db,
    rows: keys,
    chunkRows: chunk,
    signal,
    onChunk,
    toRow: (key: unknown) => keyRow(names, key),
    create: async () => {
      const facts: TableFacts = await abortable(catalog.table(table), options.signal);
      const key = rowKey(facts, options.key);
      names = key.columns.map(({ column }) => column.name);
      return deleteOperation(facts, { key, returning });
    },
    forget: () => catalog.forget(table),
  };
  const { outcome, inputCount } = await (atomic ? runAtomic(run) : runInParts(run));
  return {
    rowCount: outcome.rowCount,
    rows: returning === undefined ? [] : outcome.rowsOf(inputCount),
  };
}

/** The columns of the key alone; `undefined` among the values is told as a value that is missing. */
function keyRow(names: readonly string[], key: unknown): InputRow {
  const [only] = names;
  const isRowOfKey = isRow(key) && names.some((name) => Object.hasOwn(key, name));
  if (names.length === 1 && only !== undefined && !isRowOfKey)
    return Object.fromEntries([[only, key]]);
  return Object.fromEntries(
    names.map((name) => [name, isRow(key) && Object.hasOwn(key, name) ? key[name] : undefined]),
  );
}
