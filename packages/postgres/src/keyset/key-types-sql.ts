import { joinSql, type Sql, sql, verbatim } from "../sql/sql.ts";

/**
 * One row per key, one column `key`: the facts of `KeyRow` as JSON text. Types come from the expressions themselves, so a join or a subquery needs no declarations.
 *
 * The probe reads no row: `pg_typeof` and `pg_collation_for` look at their argument's type, not at its value.
 */
export function keyTypesSql(from: Sql, keys: readonly Sql[]): Sql {
  const columns = keys.map((key, index) => sql`${key} AS k${verbatim(String(index))}`);
  const values = keys.map((_, index) => {
    const column = verbatim(`q.k${index}`);
    const type = sql`pg_catalog.pg_typeof(${column})::pg_catalog.oid`;
    // Of a type without collations it is an error to ask for one.
    const collation = sql`CASE WHEN (SELECT typcollation FROM pg_catalog.pg_type WHERE oid = ${type}) <> 0 THEN pg_catalog.pg_collation_for(${column}) END`;
    return sql`(${verbatim(String(index))}, ${type}, ${collation})`;
  });
  const comma = verbatim(", ");
  return sql`
WITH RECURSIVE probed AS MATERIALIZED (
  SELECT v.n, v.type, v.collation_name
  FROM (SELECT 1) AS one
  LEFT JOIN LATERAL (SELECT ${joinSql(columns, comma)} FROM ${from} LIMIT 0) AS q ON true
  CROSS JOIN LATERAL (VALUES ${joinSql(values, comma)}) AS v (n, type, collation_name)
), ${verbatim(TYPE_FACTS)}`;
}

/**
 * `down`: from a domain to the type under it. `parts`: every type that a value of it holds, through domains, arrays, ranges and composites. `operators`: of the default
 * B-tree class, which is what ORDER BY uses whatever the search path; found by exact type, since only types of extensions need to be asked.
 */
const TYPE_FACTS = `down AS (
  SELECT p.n, t.oid, t.typtype, t.typbasetype FROM probed p JOIN pg_catalog.pg_type t ON t.oid = p.type
  UNION ALL
  SELECT d.n, t.oid, t.typtype, t.typbasetype FROM down d JOIN pg_catalog.pg_type t ON t.oid = d.typbasetype WHERE d.typtype = 'd'
), base AS (
  SELECT d.n, t.oid, t.typname, t.typtype, t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1 AS is_array, n.nspname
  FROM down d JOIN pg_catalog.pg_type t ON t.oid = d.oid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  WHERE d.typtype <> 'd'
), parts AS (
  SELECT n, oid FROM base
  UNION
  SELECT parts.n, inner_type.oid
  FROM parts
  JOIN pg_catalog.pg_type t ON t.oid = parts.oid
  CROSS JOIN LATERAL (
    SELECT t.typelem AS oid WHERE t.typelem <> 0
    UNION ALL SELECT t.typbasetype WHERE t.typbasetype <> 0
    UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid OR r.rngmultitypid = t.oid
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  ) AS inner_type
), operators AS (
  SELECT base.n, pg_catalog.json_object_agg(ao.amopstrategy, pg_catalog.json_build_array(opn.nspname, o.oprname)) AS by_strategy
  FROM base
  JOIN pg_catalog.pg_opclass c ON c.opcintype = base.oid AND c.opcdefault
  JOIN pg_catalog.pg_am am ON am.oid = c.opcmethod AND am.amname = 'btree'
  JOIN pg_catalog.pg_amop ao ON ao.amopfamily = c.opcfamily AND ao.amoplefttype = c.opcintype AND ao.amoprighttype = c.opcintype
  JOIN pg_catalog.pg_operator o ON o.oid = ao.amopopr
  JOIN pg_catalog.pg_namespace opn ON opn.oid = o.oprnamespace
  GROUP BY base.n
)
SELECT pg_catalog.json_build_object(
  'schema', base.nspname,
  'name', base.typname,
  'kind', base.typtype,
  'isArray', base.is_array,
  'collation', c.oid::pg_catalog.int8,
  'isDeterministic', coalesce(c.collisdeterministic, true),
  'operators', operators.by_strategy,
  'parts', (
    SELECT pg_catalog.json_agg(t.typname) FROM parts JOIN pg_catalog.pg_type t ON t.oid = parts.oid
    WHERE parts.n = base.n AND t.typtype IN ('b', 'e')
  )
)::pg_catalog.text AS key
FROM base
JOIN probed ON probed.n = base.n
LEFT JOIN operators ON operators.n = base.n
LEFT JOIN pg_catalog.pg_collation c ON c.oid = pg_catalog.to_regcollation(probed.collation_name)::pg_catalog.oid
ORDER BY base.n`;
