import type { Connection } from "../../connection/connection.ts";
import { inTransaction } from "../../connection/in-transaction.ts";
import type { TableFacts } from "../../catalog/table-facts.ts";
import { isPoolLike, type Queryable } from "../../connection/queryable.ts";
import { readRows, type RowReader } from "../input/row-source.ts";
import { pickAll } from "../input/row-group.ts";
import type { BatchOperation } from "../run/batch-operation.ts";
import { Outcome } from "../run/outcome.ts";
import { TableChanged } from "../run/rejection.ts";
import { type Reading, withFreshFacts } from "../run/with-fresh-facts.ts";
import { isCurrentSql } from "../statement/facts-guard.ts";
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
  if (!mayCopy(options.db)) return undefined;
  return withFreshFacts(options, (reading) => copyOnce(options, reading));
}

async function copyOnce(options: RunOptions, reading: Reading): Promise<CopiedRows | undefined> {
  const { db, rows, signal } = options;
  const operation = await options.create();
  const { table, sets } = operation;
  let reader: RowReader | undefined;
  try {
    return await inTransaction(
      db,
      async (connection) => {
        if (!(await acceptsCopy(connection, table))) return undefined;
        reading.hasBegun = true;
        reader = readRows(rows, signal);
        const outcome = new Outcome();
        const target = tableTarget(connection, operation, outcome);
        const inputCount = await copySlices(connection, { target, sets, reader, signal });
        return { rowCount: outcome.rowCount, inputCount };
      },
      { signal },
    );
  } catch (error) {
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

/**
 * COPY goes into tables only, and not past row-level security.
 *
 * @throws {TableChanged}
 */
export async function acceptsCopy(connection: Connection, table: TableFacts): Promise<boolean> {
  if (!canCopy(connection.driver) || table.kind === "view") return false;
  const { rows } = await connection.run<{
    readonly current: boolean | null;
    readonly secured: boolean | null;
  }>({
    text: `SELECT c.current, CASE WHEN c.current THEN pg_catalog.row_security_active(${table.oid}) END AS secured FROM (SELECT ${isCurrentSql(table)} AS current) AS c`,
    values: [],
  });
  if (rows[0]?.current !== true) throw new TableChanged();
  return rows[0].secured === false;
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
