import {
  asJsonRows,
  isNotLocked,
  isNotOfExtension,
  isUserSchema,
  type SqlScope,
} from "./user-objects.ts";

const columnNames = (relation: string, numbers: string): string => `ARRAY(
      SELECT a.attname
      FROM pg_catalog.unnest(${numbers}) WITH ORDINALITY AS u(number, position)
      JOIN pg_catalog.pg_attribute AS a ON a.attrelid = ${relation} AND a.attnum = u.number
      ORDER BY u.position)`;

export function constraintsSql(scope: SqlScope): string {
  return asJsonRows(
    "constraints",
    `
  SELECT
    n.nspname AS schema,
    c.relname AS table,
    k.conname AS name,
    CASE k.contype
      WHEN 'p' THEN 'primary-key' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign-key'
      WHEN 'c' THEN 'check' WHEN 'x' THEN 'exclusion' ELSE 'not-null'
    END AS kind,
    pg_catalog.pg_get_constraintdef(k.oid) AS definition,
    ${columnNames("k.conrelid", "k.conkey")} AS columns,
    rn.nspname AS referenced_schema,
    rc.relname AS referenced_table,
    ${columnNames("k.confrelid", "k.confkey")} AS referenced_columns,
    CASE WHEN k.contype IN ('p', 'u', 'x') THEN (
      SELECT i.relname FROM pg_catalog.pg_class AS i WHERE i.oid = k.conindid) END AS index,
    k.convalidated AS is_validated
  FROM pg_catalog.pg_constraint AS k
  JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_class AS rc ON rc.oid = k.confrelid
  LEFT JOIN pg_catalog.pg_namespace AS rn ON rn.oid = rc.relnamespace
  WHERE k.contype IN ('p', 'u', 'f', 'c', 'x', 'n')
    AND ${isUserSchema("n")}
    AND ${isNotOfExtension("pg_class", "c.oid")}
    AND ${isNotLocked("c.oid", scope)}
  ORDER BY k.oid`,
  );
}
