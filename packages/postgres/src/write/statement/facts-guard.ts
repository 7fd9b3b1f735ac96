import { tableSignature } from "../../catalog/table-signature.ts";
import type { Connection } from "../../connection/connection.ts";
import type { TableFacts } from "../../catalog/table-facts.ts";

/** True while the name means the table that was read, with the columns that it had. Values were written for their types: another type could take them and mean something else. */
export function isCurrentSql(table: TableFacts): string {
  // E'' reads backslashes alike whatever standard_conforming_strings is.
  const name = `E'${table.sqlName.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
  return `(pg_catalog.to_regclass(${name})::pg_catalog.oid = ${table.oid} AND ${tableSignature(String(table.oid))} = '${table.signature}')`;
}

/**
 * A condition that is evaluated once per statement, before its first row, and fails it when the table has changed since its facts were read: with SQLSTATE 42704,
 * because a setting of the name `upshift.table_has_changed` does not exist. The write then reads the facts again and starts over.
 */
export function guardSql(table: TableFacts): string {
  return `pg_catalog.current_setting(CASE WHEN ${isCurrentSql(table)} THEN 'server_version_num' ELSE 'upshift.table_has_changed' END) IS NOT NULL`;
}

/** Whether the facts are still true, for what cannot carry the condition: COPY, and rows that can be read only once. */
export async function isCurrent(connection: Runs, table: TableFacts): Promise<boolean> {
  const { rows } = await connection.run<{ readonly current: boolean | null }>({
    text: `SELECT ${isCurrentSql(table)} AS current`,
    values: [],
  });
  return rows[0]?.current === true;
}

type Runs = Pick<Connection, "run">;
