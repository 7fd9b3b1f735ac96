import { catalogOf, type TableName } from "../catalog/catalog.ts";
import { abortable } from "../connection/abortable.ts";
import type { Queryable } from "../connection/queryable.ts";
import { copyInParts } from "./copy/copy-in-parts.ts";
import { copyRows } from "./copy/copy-rows.ts";
import type { RowSource } from "./input/row-source.ts";
import { insertOperation } from "./operation/insert-operation.ts";
import { runAtomic } from "./run/run-chunks.ts";
import { runInParts } from "./run/run-in-parts.ts";
import { type BatchOptions, checkedOptions, type IdentityOptions } from "./write-options.ts";

/** `chunk` is the rows of one COPY with `atomic: false`, else without effect; where there is no COPY, the rows of a statement. */
export interface CopyManyOptions extends BatchOptions, IdentityOptions {}

export interface CopyResult {
  /** Rows that the table got. */
  readonly rowCount: number;
}

/**
 * Inserts rows by COPY, the fastest way in; where the driver or the table has no COPY, as `insertMany` does, with the same result.
 *
 * Rows are read as the server takes them; memory is bounded for a source without an end.
 *
 * @throws {BadRowError} for a row that cannot be written, with its index and, where it can be known, its column; nothing is written
 * @throws {PartialWriteError} instead, with `atomic: false`
 * @throws {UnknownTableError} {@link UnknownColumnError}
 * @throws `signal.reason`; nothing is written
 */
export async function copyMany(
  db: Queryable,
  table: TableName,
  rows: RowSource,
  options: CopyManyOptions = {},
): Promise<CopyResult> {
  const { chunk, atomic } = checkedOptions(options);
  const catalog = catalogOf(db);
  const run = {
    db,
    rows,
    chunkRows: chunk,
    signal: options.signal,
    onChunk: options.onChunk,
    create: async () =>
      insertOperation(await abortable(catalog.table(table), options.signal), {
        overriding: options.overriding,
        onConflict: "",
      }),
    forget: () => catalog.forget(table),
  };
  const copied = await (atomic ? copyRows(run) : copyInParts(run));
  if (copied !== undefined) return { rowCount: copied.rowCount };
  const { outcome } = await (atomic ? runAtomic(run) : runInParts(run));
  return { rowCount: outcome.rowCount };
}
