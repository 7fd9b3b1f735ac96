import type { Connection } from "../../connection/connection.ts";
import { inTransaction } from "../../connection/in-transaction.ts";
import type { TableFacts } from "../../catalog/table-facts.ts";
import { isPoolLike, type Queryable } from "../../connection/queryable.ts";
import { readRows, type RowReader } from "../input/row-source.ts";
import { pickAll } from "../input/row-group.ts";
import type { BatchOperation } from "../run/batch-operation.ts";
import { Outcome } from "../run/outcome.ts";
import { isRowRejection, mayBeStale } from "../run/rejection.ts";
import type { RunOptions } from "../run/run-chunks.ts";
import { canCopy } from "./copy-in.ts";
import { type CopyGroup, NOTHING } from "./copy-group.ts";
import { locateCopied } from "./locate-copied.ts";
import { CopyRejection } from "./copy-rejection.ts";
import { copySlices, type CopyTarget } from "./copy-slices.ts";

export interface CopiedRows {
  readonly rowCount: number;
  /** Rows that were read. */
  readonly inputCount: number;
}

/**
 * Copies all rows or none into the table.
 *
 * @returns `undefined`, with no row read, where the driver or the table has no COPY
 */
export async function copyRows(options: RunOptions): Promise<CopiedRows | undefined> {
  const { db, rows, signal } = options;
  if (!mayCopy(db)) return undefined;
  const operation = await options.create();
  const { table, sets } = operation;
  let reader: RowReader | undefined;
  try {
    return await inTransaction(
      db,
      async (connection) => {
        if (!(await acceptsCopy(connection, table))) return undefined;
        reader = readRows(rows, signal);
        const outcome = new Outcome();
        const target = tableTarget(connection, operation, outcome);
        const inputCount = await copySlices(connection, { target, sets, reader, signal });
        return { rowCount: outcome.rowCount, inputCount };
      },
      { signal },
    );
  } catch (error) {
    if (isRowRejection(error) || mayBeStale(error)) options.forget();
    if (error instanceof CopyRejection) throw await locateCopied(options, operation, error);
    throw error;
  } finally {
    await reader?.close();
  }
}

/** False where it is known before a connection is taken. */
export function mayCopy(db: Queryable): boolean {
  return isPoolLike(db) || canCopy(db);
}

/** COPY goes into tables only, and not past row-level security. */
export async function acceptsCopy(connection: Connection, table: TableFacts): Promise<boolean> {
  if (!canCopy(connection.driver) || table.kind === "view") return false;
  const { rows } = await connection.run<{ readonly active: boolean }>({
    text: "SELECT pg_catalog.row_security_active($1::text::pg_catalog.oid) AS active",
    values: [String(table.oid)],
    isPrepared: true,
  });
  return rows[0]?.active === false;
}

export function tableTarget(
  connection: Connection,
  operation: BatchOperation,
  outcome: Outcome,
): CopyTarget {
  const { table } = operation;
  return {
    table,
    relationName: table.name,
    keyOf: (set) => set,
    form: ({ names, texts }) => ({
      prefix: () => "",
      names,
      texts,
      nulls: names.map(() => NOTHING),
      isComplete: true,
    }),
    statement: ({ columns }) =>
      columns.length === 0
        ? undefined
        : `COPY ${table.sqlName} (${columns.map(({ sqlName }) => sqlName).join(", ")}) FROM STDIN WITH (ENCODING 'UTF8')`,
    copied: (count) => {
      outcome.rowCount += count;
    },
    insert: (group: CopyGroup) => operation.write(connection, pickAll(table, group), outcome),
  };
}
