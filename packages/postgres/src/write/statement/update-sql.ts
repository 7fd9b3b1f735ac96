import type { ColumnFacts, TableFacts } from "../../catalog/table-facts.ts";
import type { Key } from "./conflict-sql.ts";
import type { ReturningSql } from "./returning.ts";
import type { RowSourceSql } from "./row-source-sql.ts";

interface ByKey {
  readonly table: TableFacts;
  readonly key: Key;
  readonly source: RowSourceSql;
}

export interface UpdateSql extends ByKey {
  readonly set: readonly ColumnFacts[];
  readonly returning: ReturningSql | undefined;
}

/** `UPDATE … FROM`: no two rows of the source may have one key, or which of them counts is left to chance. */
export function updateSql({ table, key, source, set, returning }: UpdateSql): string {
  const assignments = set.map(({ sqlName }, place) => `${sqlName} = s.v${place}`).join(", ");
  const values = set.map((column, place) => `${source.valueOf(column)} AS v${place}`);
  return `UPDATE ${table.sqlName} AS t SET ${assignments} FROM (${rowsWithKey(key, source, values)}) AS s WHERE ${isSameKey(key)}${returning?.clause("s.row_number") ?? ""}`;
}

export interface DeleteSql extends ByKey {
  readonly returning: ReturningSql | undefined;
}

/** `DELETE … USING`. A row that is returned belongs to the first input row of its key. */
export function deleteSql({ table, key, source, returning }: DeleteSql): string {
  const keys = key.columns.map(({ column }, place) => `${source.valueOf(column)} AS k${place}`);
  const groups = key.columns.map(({ collate }, place) => `r.k${place}${collate}`);
  const names = key.columns.map((_, place) => `r.k${place}`).join(", ");
  const rows =
    returning === undefined
      ? `SELECT ${[...keys, "u.row_number"].join(", ")} ${source.from}`
      : `SELECT DISTINCT ON (${groups.join(", ")}) ${names}, r.row_number FROM (SELECT ${[...keys, "u.row_number"].join(", ")} ${source.from}) AS r ORDER BY ${groups.join(", ")}, r.row_number`;
  return `DELETE FROM ${table.sqlName} AS t USING (${rows}) AS s WHERE ${isSameKey(key)}${returning?.clause("s.row_number") ?? ""}`;
}

export interface SelectSql extends ByKey {
  readonly returning: ReturningSql;
}

/** The rows of the table that have the keys of the source, as RETURNING would give them. */
export function selectByKeySql({ table, key, source, returning }: SelectSql): string {
  return `SELECT s.row_number::pg_catalog.int4 AS o, ${returning.columns} FROM (${rowsWithKey(key, source, [])}) AS s JOIN ${table.sqlName} AS t ON ${isSameKey(key)}`;
}

function rowsWithKey(key: Key, source: RowSourceSql, values: readonly string[]): string {
  const keys = key.columns.map(
    (each, place) => `${each.stored(source.valueOf(each.column))} AS k${place}`,
  );
  return `SELECT ${[...keys, ...values, "u.row_number"].join(", ")} ${source.from}`;
}

function isSameKey(key: Key): string {
  return key.columns
    .map(({ column, collate }, place) => {
      const same = `t.${column.sqlName} = s.k${place}${collate}`;
      return key.isNullProof && !column.isNotNull
        ? `(${same} OR (t.${column.sqlName} IS NULL AND s.k${place} IS NULL))`
        : same;
    })
    .join(" AND ");
}
