import type { ColumnFacts, TableFacts } from "../../catalog/table-facts.ts";
import type { Connection } from "../../connection/connection.ts";
import { sqlState } from "../../connection/sql-state.ts";
import { fitted } from "../statement/fitted.ts";
import { tableLabel } from "../input/column-sets.ts";
import type { RowSourceSql } from "../statement/row-source-sql.ts";
import { BadRowError } from "../write-errors.ts";
import { field, reasonOf, redactRejection } from "./rejection.ts";
import { attemptUnderSavepoint } from "./savepoint.ts";

/** A row that was refused alone. */
export interface Suspect {
  readonly table: TableFacts;
  /** Of the row in the input. */
  readonly index: number;
  /** That it has values for. */
  readonly columns: readonly ColumnFacts[];
  /** The row with this column alone. */
  only(column: ColumnFacts): RowSourceSql;
}

/** Why the server refuses this row, as an error that shows nothing of it. */
export async function badRow(
  connection: Connection,
  suspect: Suspect,
  error: unknown,
): Promise<BadRowError> {
  return new BadRowError({
    index: suspect.index,
    table: tableLabel(suspect.table),
    columns: await columnsAtFault(connection, suspect, error),
    reason: reasonOf(error),
    sqlState: sqlState(error),
    constraint: field(error, "constraint"),
    cause: redactRejection(error),
  });
}

async function columnsAtFault(
  connection: Connection,
  suspect: Suspect,
  error: unknown,
): Promise<readonly string[]> {
  const { table } = suspect;
  const named = field(error, "column");
  if (named !== undefined && field(error, "table") !== undefined)
    return table.columns.has(named) ? [named] : [];
  if (field(error, "constraint") !== undefined && field(error, "table") !== undefined)
    return constraintColumns(connection, table, error);
  return columnThatFails(connection, suspect);
}

/** `$1` table's OID, `$2` and `$3` schema and name of the table in the error, which may be a partition of it, `$4` name of a constraint or unique index. */
const CONSTRAINT_COLUMNS = `
SELECT pg_catalog.json_agg(DISTINCT a.attname)::text AS names
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = $2::text AND c.relname = $3::text
  AND (c.oid = $1::text::pg_catalog.oid OR $1::text::pg_catalog.oid IN (SELECT relid FROM pg_catalog.pg_partition_ancestors(c.oid)))
  AND (
    EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conrelid = c.oid AND o.conname = $4::text AND a.attnum = ANY (o.conkey))
    OR EXISTS (
      SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
      WHERE i.indrelid = c.oid AND ic.relname = $4::text AND a.attnum = ANY (i.indkey)
    )
  )`;

async function constraintColumns(
  connection: Connection,
  table: TableFacts,
  error: unknown,
): Promise<readonly string[]> {
  const { rows } = await connection.run<{ readonly names: string | null }>({
    text: CONSTRAINT_COLUMNS,
    values: [
      String(table.oid),
      field(error, "schema") ?? table.schema,
      field(error, "table") ?? table.name,
      field(error, "constraint") ?? "",
    ],
  });
  const names: unknown = JSON.parse(rows[0]?.names ?? "[]");
  return Array.isArray(names) ? names.map(String).filter((name) => table.columns.has(name)) : [];
}

/** The first column whose value alone cannot be made one of its type and length. */
async function columnThatFails(
  connection: Connection,
  suspect: Suspect,
): Promise<readonly string[]> {
  for (const column of suspect.columns) {
    const source = suspect.only(column);
    const value = fitted(source.valueOf(column), column.lengthCast);
    const failure = await attemptUnderSavepoint(connection, async () => {
      const text = `SELECT ${value} AS value ${source.from}`;
      await connection.run({ text, values: source.values });
    });
    if (failure !== undefined) return [column.name];
  }
  return [];
}
