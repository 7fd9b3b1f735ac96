/**
 * One row, one column `facts`: what of a table's declarations an order can rely on, as JSON text. `$1` is the table's oid.
 *
 * Stricter than `attnotnull` and `indisunique`, each exception seen to lose rows: NOT NULL that is NOT VALID, of a foreign table (not enforced), or of an
 * inheritance parent (children may lack it, and share no unique index); NOT NULL of a domain, which a scalar subquery without a row gets round; a unique index
 * under an operator class whose equality is not that of ORDER BY.
 */
export const TABLE_ORDER_SQL = `
WITH relation AS (
  SELECT c.oid, c.relkind = 'f' OR EXISTS (
    SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
    WHERE i.inhparent = c.oid AND p.relkind <> 'p'
  ) OR EXISTS (
    SELECT FROM pg_catalog.pg_partition_tree(c.oid) t JOIN pg_catalog.pg_class p ON p.oid = t.relid WHERE p.relkind = 'f'
  ) AS is_loose
  FROM pg_catalog.pg_class c WHERE c.oid = $1::pg_catalog.text::pg_catalog.oid
)
SELECT pg_catalog.json_build_object(
  'notNull', (
    SELECT pg_catalog.json_agg(a.attname)
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = r.oid AND a.attnum > 0 AND a.attnotnull AND NOT r.is_loose
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_constraint c
        WHERE c.conrelid = a.attrelid AND c.contype = 'n' AND a.attnum = ANY (c.conkey) AND NOT c.convalidated
      )
  ),
  'uniqueKeys', (
    SELECT pg_catalog.json_agg(k.key ORDER BY k.is_primary DESC, k.width, k.oid)
    FROM (
      SELECT i.indexrelid AS oid, i.indisprimary AS is_primary, i.indnkeyatts AS width, pg_catalog.json_build_object(
        'nullsNotDistinct', coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::pg_catalog.bool, false),
        'columns', (
          SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname, 'collation', i.indcollation[p - 1]::pg_catalog.int8) ORDER BY p)
          FROM pg_catalog.generate_series(1, i.indnkeyatts) AS p
          JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p - 1]
        )
      ) AS key
      FROM pg_catalog.pg_index i
      WHERE i.indrelid = r.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
        AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT r.is_loose
        AND NOT EXISTS (
          SELECT FROM pg_catalog.generate_series(1, i.indnkeyatts) AS p
          JOIN pg_catalog.pg_opclass c ON c.oid = i.indclass[p - 1] WHERE NOT c.opcdefault
        )
    ) AS k
  )
)::pg_catalog.text AS facts
FROM relation r`;
