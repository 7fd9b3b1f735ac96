import { InvalidArgumentError } from "@upshift/foundation";
import { catalogOf, type TableName } from "../catalog/catalog.ts";
import type { ColumnFacts, TableFacts } from "../catalog/table-facts.ts";
import { abortable } from "../connection/abortable.ts";
import type { Queryable, Row } from "../connection/queryable.ts";
import { UnknownColumnError } from "../postgres-errors.ts";
import { isRow } from "./input/column-sets.ts";
import type { RowSource } from "./input/row-source.ts";
import { upsertOperation } from "./operation/upsert-operation.ts";
import { runAtomic } from "./run/run-chunks.ts";
import { runInParts } from "./run/run-in-parts.ts";
import { uniqueKeyOver } from "./statement/conflict-sql.ts";
import type { KeyedRow } from "./statement/repeats.ts";
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

export interface UpsertManyOptions
  extends BatchOptions, ReturningOptions, IdentityOptions, CopyOptions {
  /** Columns of a primary key, unique constraint or full unique index, in any order. */
  readonly conflict: readonly string[];
  /** Columns that a row which is there gets of the new one, where the new one has them. Default: all that it has, except `conflict`. `[]` leaves it as it is. */
  readonly update?: readonly string[];
  /** Leaves rows alone that would stay as they are byte by byte: no new row version, no trigger. Default `false`. */
  readonly skipUnchanged?: boolean;
}

export interface UpsertResult<R = Row> extends BatchResult<R> {
  /** Rows of the input that gave way to a later one with the same key. */
  readonly duplicateCount: number;
  /** Rows that were there and stayed as they are: by `skipUnchanged`, with nothing to update, or by a trigger. */
  readonly unchangedCount: number;
}

/**
 * Inserts rows, and updates those whose key is there already.
 *
 * Of input rows with one key the last counts, as a whole; whether two keys are one is PostgreSQL's own equality. With `returning`, `rows[i]` is the row of the table
 * with the key of input row `i`, also where it stayed as it is or input row `i` gave way; `null` only where a trigger left it out.
 *
 * With `atomic: false`, and for a source other than an array on a driver without COPY, keys are compared within a chunk only: of equal keys in two chunks, both are
 * written, one after the other.
 *
 * @throws {BadRowError} for a row that cannot be written, with its index and column; nothing is written
 * @throws {PartialWriteError} instead, with `atomic: false`
 * @throws {InvalidArgumentError} when no unique key is over `conflict`
 * @throws {UnknownTableError} {@link UnknownColumnError}
 * @throws `signal.reason`; nothing is written
 */
export async function upsertMany<R = Row>(
  db: Queryable,
  table: TableName,
  rows: RowSource,
  options: UpsertManyOptions,
): Promise<UpsertResult<R>> {
  const { chunk, copyFrom, atomic } = checkedOptions(options);
  const { signal, onChunk, returning, conflict, skipUnchanged = false } = options;
  oneOf(skipUnchanged, "skipUnchanged", [true, false]);
  if (!Array.isArray(conflict) || conflict.length === 0)
    throw new InvalidArgumentError("`conflict` as a list of columns", conflict);
  const catalog = catalogOf(db);
  const run = {
    db,
    rows,
    chunkRows: chunk,
    signal,
    onChunk,
    create: async () => {
      const facts = await abortable(catalog.table(table), options.signal);
      return upsertOperation(facts, {
        key: uniqueKeyOver(facts, conflict, "conflict"),
        update: options.update?.map((name) => updatable(facts, name)),
        skipUnchanged,
        returning,
        overriding: options.overriding,
        allRows: atomic && Array.isArray(rows) ? allRows(rows) : undefined,
      });
    },
    forget: () => catalog.forget(table),
  };
  const isMany = !Array.isArray(rows) || rows.length >= copyFrom;
  const staged =
    isMany && copyFrom !== Number.POSITIVE_INFINITY && atomic
      ? await writeStaged(run, ({ table: facts }) => uniqueKeyOver(facts, conflict, "conflict"))
      : undefined;
  const { outcome, inputCount } = staged ?? (await (atomic ? runAtomic(run) : runInParts(run)));
  return {
    rowCount: outcome.rowCount,
    duplicateCount: outcome.duplicateCount,
    unchangedCount: inputCount - outcome.duplicateCount - outcome.rowCount,
    rows: returning === undefined ? [] : outcome.rowsOf(inputCount),
  };
}

function updatable(table: TableFacts, name: string): ColumnFacts {
  const column = table.columns.get(name);
  if (column === undefined) throw new UnknownColumnError(table, name);
  if (!column.isGenerated && column.identity !== "always") return column;
  throw new InvalidArgumentError("`update` without columns that the table computes", name);
}

/** Read anew by each attempt. */
function allRows(rows: readonly unknown[]): Iterable<KeyedRow> {
  return {
    *[Symbol.iterator]() {
      for (const [index, row] of rows.entries()) if (isRow(row)) yield { row, index };
    },
  };
}
