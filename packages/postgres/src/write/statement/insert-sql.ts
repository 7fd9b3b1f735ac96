import type { ColumnFacts, TableFacts } from "../../catalog/table-facts.ts";
import type { ReturningSql } from "./returning.ts";
import type { RowSourceSql } from "./row-source-sql.ts";

export interface InsertSql {
  readonly table: TableFacts;
  readonly columns: readonly ColumnFacts[];
  readonly source: RowSourceSql;
  /** Writes values into `GENERATED ALWAYS AS IDENTITY`. */
  readonly isOverridingIdentity: boolean;
  /** `ON CONFLICT …`, or empty. */
  readonly onConflict: string;
  /** Columns that the rows are inserted in the order of; none for the order of the input. */
  readonly orderBy: readonly ColumnFacts[];
  readonly returning: ReturningSql | undefined;
}

/**
 * `INSERT … SELECT` whose RETURNING says which input row each row came from, on every PostgreSQL from 14.
 *
 * RETURNING sees only the table's columns, in an order that nobody promises, after triggers may have changed or dropped rows. So reading an input row notes its number
 * in a setting of the transaction, and RETURNING reads the setting. `set_config` is volatile and unsafe for parallel plans: it runs once per row, and above the
 * sort, because a condition is not moved into a query with OFFSET: in the node that the insert pulls its rows from one by one. Were rows ever read ahead, numbers would
 * come twice, which `keepReturned` refuses: n rows that return n different numbers can only have been read and returned in turns.
 */
export function insertSql(parts: InsertSql): string {
  const { table, columns, source, returning } = parts;
  const names = columns.map(({ sqlName }) => sqlName).join(", ");
  const values = columns.map((column, place) => `${source.valueOf(column)} AS v${place}`);
  const order = parts.orderBy.map((column) => `v${columns.indexOf(column)}`);
  const rows = `SELECT ${[...values, "u.row_number"].join(", ")} ${source.from} ORDER BY ${[...order, "row_number"].join(", ")} OFFSET 0`;
  const into = columns.length === 0 ? "" : ` (${names})`;
  const overriding = parts.isOverridingIdentity ? " OVERRIDING SYSTEM VALUE" : "";
  const select = columns.map((_, place) => `s.v${place}`).join(", ");
  const noted = returning === undefined ? "" : ` WHERE ${NOTE} IS NOT NULL`;
  const onConflict = parts.onConflict === "" ? "" : ` ${parts.onConflict}`;
  return `INSERT INTO ${table.sqlName} AS t${into}${overriding} SELECT ${select} FROM (${rows}) AS s${noted}${onConflict}${returning?.clause(NOTED) ?? ""}`;
}

const NOTE = "pg_catalog.set_config('upshift.row', s.row_number::text, true)";
const NOTED = "pg_catalog.current_setting('upshift.row')";
