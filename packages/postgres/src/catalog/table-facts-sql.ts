import { tableSignature } from "./table-signature.ts";

/**
 * One row, one column `facts`: everything of {@link TableFacts} as JSON text, whatever the driver makes of other types.
 *
 * `$1` is the schema or NULL for the search path, `$2` the table's name. Both are compared, never cast to `regclass`, so no text can be read as anything but a name.
 */
export const TABLE_FACTS_SQL: string = `
WITH found AS (
  SELECT c.oid, n.nspname, c.relname, c.relkind, c.relrowsecurity
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relname = $2::text
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND CASE WHEN $1::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $1::text END
), base_types AS (
  WITH RECURSIVE down AS (
    SELECT DISTINCT t.oid AS oid, t.oid AS base, t.typtype, t.typbasetype, t.typnotnull
    FROM found f
    JOIN pg_catalog.pg_attribute a ON a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    UNION ALL
    SELECT down.oid, t.oid, t.typtype, t.typbasetype, down.typnotnull OR t.typnotnull
    FROM down JOIN pg_catalog.pg_type t ON t.oid = down.typbasetype
    WHERE down.typtype = 'd'
  )
  SELECT down.oid, b.typname, b.typcategory = 'A' AND b.typelem <> 0 AND b.typlen = -1 AS is_array, down.typnotnull,
    b.typtype, b.typelem, bn.nspname AS schema
  FROM down
  JOIN pg_catalog.pg_type b ON b.oid = down.base
  JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
  WHERE down.typtype <> 'd'
), element_types AS (
  WITH RECURSIVE down AS (
    SELECT DISTINCT e.oid AS oid, e.oid AS base, e.typtype, e.typbasetype, e.typdelim
    FROM base_types b JOIN pg_catalog.pg_type e ON e.oid = b.typelem
    WHERE b.is_array
    UNION ALL
    SELECT down.oid, t.oid, t.typtype, t.typbasetype, down.typdelim
    FROM down JOIN pg_catalog.pg_type t ON t.oid = down.typbasetype
    WHERE down.typtype = 'd'
  )
  SELECT down.oid, b.typname, down.typdelim
  FROM down JOIN pg_catalog.pg_type b ON b.oid = down.base
  WHERE down.typtype <> 'd'
)
SELECT pg_catalog.json_build_object(
  'oid', f.oid::pg_catalog.int8,
  'schema', f.nspname,
  'name', f.relname,
  'kind', f.relkind,
  'signature', ${tableSignature("f.oid")},
  'hasRowSecurity', f.relrowsecurity,
  'hasInheritors', f.relkind = 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits h WHERE h.inhparent = f.oid),
  'columns', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', a.attname,
      'notNull', a.attnotnull OR b.typnotnull,
      'hasDefault', a.atthasdef,
      'identity', a.attidentity,
      'generated', a.attgenerated,
      'typeOid', t.oid::pg_catalog.int8,
      'typeSchema', tn.nspname,
      'typeName', t.typname,
      'arraySchema', an.nspname,
      'arrayName', at.typname,
      'display', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'typtype', t.typtype,
      'isArray', t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1,
      'baseSchema', b.schema,
      'baseName', b.typname,
      'isBaseArray', b.is_array,
      'baseType', b.typtype,
      'delimiter', t.typdelim,
      'elementBaseName', e.typname,
      'elementDelimiter', e.typdelim,
      'collationSchema', cn.nspname,
      'collationName', co.collname,
      'collationIsDeterministic', co.collisdeterministic,
      'lengthCast', (
        SELECT pg_catalog.json_build_object('schema', pn.nspname, 'name', p.proname, 'arguments', p.pronargs, 'modifier', a.atttypmod)
        FROM pg_catalog.pg_cast lc
        JOIN pg_catalog.pg_proc p ON p.oid = lc.castfunc
        JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
        WHERE lc.castsource = t.oid AND lc.casttarget = t.oid AND a.atttypmod >= 0
      )
    ) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_type at ON at.oid = t.typarray
    LEFT JOIN pg_catalog.pg_namespace an ON an.oid = at.typnamespace
    LEFT JOIN base_types b ON b.oid = t.oid
    LEFT JOIN element_types e ON b.is_array AND e.oid = b.typelem
    LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
    LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
    WHERE a.attrelid = f.oid AND a.attnum > 0 AND NOT a.attisdropped
  ),
  'uniqueKeys', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
      'isPrimary', i.indisprimary,
      'nullsNotDistinct', coalesce((pg_catalog.to_jsonb(i) ->> 'indnullsnotdistinct')::pg_catalog.bool, false),
      'columns', (
        SELECT pg_catalog.json_agg(a.attname ORDER BY k.position)
        FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.position <= i.indnkeyatts
      ),
      'collations', (
        SELECT pg_catalog.json_agg(
          CASE WHEN co.oid IS NOT NULL THEN pg_catalog.json_build_object('schema', cn.nspname, 'name', co.collname, 'isDeterministic', co.collisdeterministic) END
          ORDER BY k.position
        )
        FROM pg_catalog.unnest(i.indcollation::pg_catalog.oid[]) WITH ORDINALITY AS k(collation_oid, position)
        LEFT JOIN pg_catalog.pg_collation co ON co.oid = k.collation_oid
        LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = co.collnamespace
        WHERE k.position <= i.indnkeyatts
      )
    ) ORDER BY i.indisprimary DESC, i.indexrelid)
    FROM pg_catalog.pg_index i
    WHERE i.indrelid = f.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
      AND i.indpred IS NULL AND i.indexprs IS NULL
  ),
  'foreignKeys', (
    SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
      'schema', rn.nspname,
      'table', r.relname,
      'isProven', o.convalidated AND NOT o.condeferrable AND coalesce((pg_catalog.to_jsonb(o) ->> 'conenforced')::pg_catalog.bool, true),
      'columns', (
        SELECT pg_catalog.json_agg(a.attname ORDER BY k.position)
        FROM pg_catalog.unnest(o.conkey) WITH ORDINALITY AS k(attnum, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = k.attnum
      ),
      'referencedColumns', (
        SELECT pg_catalog.json_agg(a.attname ORDER BY k.position)
        FROM pg_catalog.unnest(o.confkey) WITH ORDINALITY AS k(attnum, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.attnum
      )
    ) ORDER BY o.oid)
    FROM pg_catalog.pg_constraint o
    JOIN pg_catalog.pg_class r ON r.oid = o.confrelid
    JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
    WHERE o.conrelid = f.oid AND o.contype = 'f'
  )
)::pg_catalog.text AS facts
FROM found f`;
