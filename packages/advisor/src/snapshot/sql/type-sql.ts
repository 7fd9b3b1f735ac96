import { asJsonRows, isNotOfExtension, isUserSchema, type SqlScope } from "./user-objects.ts";

const collateClause = (collation: string, typeCollation: string): string => `
  COALESCE((
    SELECT pg_catalog.format(' COLLATE %I.%I', cn.nspname, co.collname)
    FROM pg_catalog.pg_collation AS co
    JOIN pg_catalog.pg_namespace AS cn ON cn.oid = co.collnamespace
    WHERE co.oid = ${collation} AND ${collation} <> ${typeCollation}), '')`;

const enumDdl = `(
  SELECT pg_catalog.format('AS ENUM (%s)',
    COALESCE(pg_catalog.string_agg(pg_catalog.quote_literal(l.enumlabel), ', ' ORDER BY l.enumsortorder), ''))
  FROM pg_catalog.pg_enum AS l
  WHERE l.enumtypid = t.oid)`;

const domainDdl = `(
  SELECT pg_catalog.concat(
    'AS ', pg_catalog.format_type(t.typbasetype, t.typtypmod),
    ${collateClause("t.typcollation", "b.typcollation")},
    ' DEFAULT ' || t.typdefault,
    CASE WHEN t.typnotnull THEN ' NOT NULL' END,
    (SELECT pg_catalog.string_agg(
        pg_catalog.format(' CONSTRAINT %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid)), '' ORDER BY k.oid)
      FROM pg_catalog.pg_constraint AS k
      WHERE k.contypid = t.oid AND k.contype = 'c'))
  FROM pg_catalog.pg_type AS b
  WHERE b.oid = t.typbasetype)`;

const compositeDdl = `(
  SELECT pg_catalog.format('AS (%s)',
    COALESCE(pg_catalog.string_agg(
      pg_catalog.format('%I %s%s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
        ${collateClause("a.attcollation", "b.typcollation")}), ', ' ORDER BY a.attnum), ''))
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_type AS b ON b.oid = a.atttypid
  WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)`;

/** Without the canonical function, which is C code, and without a difference function that a person wrote. */
const rangeDdl = `(
  SELECT pg_catalog.concat(
    'AS RANGE (SUBTYPE = ', pg_catalog.format_type(g.rngsubtype, NULL),
    CASE WHEN NOT o.opcdefault THEN pg_catalog.format(', SUBTYPE_OPCLASS = %I.%I', opn.nspname, o.opcname) END,
    (SELECT pg_catalog.format(', COLLATION = %I.%I', cn.nspname, co.collname)
      FROM pg_catalog.pg_collation AS co
      JOIN pg_catalog.pg_namespace AS cn ON cn.oid = co.collnamespace
      WHERE co.oid = g.rngcollation),
    (SELECT pg_catalog.format(', SUBTYPE_DIFF = %I.%I', fn.nspname, f.proname)
      FROM pg_catalog.pg_proc AS f
      JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.pronamespace
      WHERE f.oid = g.rngsubdiff AND fn.nspname = 'pg_catalog'),
    (SELECT pg_catalog.format(', MULTIRANGE_TYPE_NAME = %I.%I', mn.nspname, m.typname)
      FROM pg_catalog.pg_type AS m
      JOIN pg_catalog.pg_namespace AS mn ON mn.oid = m.typnamespace
      WHERE m.oid = g.rngmultitypid),
    ')')
  FROM pg_catalog.pg_range AS g
  JOIN pg_catalog.pg_opclass AS o ON o.oid = g.rngsubopc
  JOIN pg_catalog.pg_namespace AS opn ON opn.oid = o.opcnamespace
  WHERE g.rngtypid = t.oid)`;

/**
 * Types that a person made, and types of extensions that a column uses. Row types of tables, array types and multiranges
 * come with what they belong to.
 */
export const TYPES_SQL: string = asJsonRows(
  "types",
  `
  SELECT
    n.nspname AS schema,
    t.typname AS name,
    CASE t.typtype
      WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite' WHEN 'r' THEN 'range' ELSE 'base'
    END AS kind,
    x.extname AS extension,
    CASE
      WHEN x.extname IS NOT NULL THEN NULL
      WHEN t.typtype = 'e' THEN ${enumDdl}
      WHEN t.typtype = 'd' THEN ${domainDdl}
      WHEN t.typtype = 'c' THEN ${compositeDdl}
      WHEN t.typtype = 'r' THEN ${rangeDdl}
    END AS definition
  FROM pg_catalog.pg_type AS t
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
  LEFT JOIN pg_catalog.pg_depend AS e
    ON e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e'
  LEFT JOIN pg_catalog.pg_extension AS x ON x.oid = e.refobjid
  WHERE ${isUserSchema("n")}
    AND t.typtype IN ('e', 'd', 'c', 'r', 'b')
    AND (c.oid IS NULL OR c.relkind = 'c')
    AND NOT (t.typcategory = 'A' AND t.typelem <> 0)
    AND (x.oid IS NULL OR EXISTS (
      SELECT FROM pg_catalog.pg_attribute AS a
      JOIN pg_catalog.pg_class AS ac ON ac.oid = a.attrelid AND ac.relkind IN ('r', 'p', 'm', 'f')
      WHERE a.atttypid IN (t.oid, t.typarray) AND a.atttypid <> 0 AND NOT a.attisdropped))
  ORDER BY t.oid`,
);

/** Functions that the planner may call or inline: no triggers, no aggregates, no procedures, no C code, nothing of an extension. */
export const FUNCTIONS_SQL: string = asJsonRows(
  "functions",
  `
  SELECT
    n.nspname AS schema,
    p.proname AS name,
    pg_catalog.pg_get_function_identity_arguments(p.oid) AS identity_arguments,
    pg_catalog.pg_get_functiondef(p.oid) AS ddl,
    l.lanname AS language
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
  WHERE ${isUserSchema("n")}
    AND p.prokind = 'f'
    AND l.lanname NOT IN ('internal', 'c')
    AND p.prorettype NOT IN ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
    AND ${isNotOfExtension("pg_proc", "p.oid")}
  ORDER BY p.oid`,
);

/** Collations that a person made and that a column, a domain or an index may name. */
export function collationsSql({ versionNumber }: SqlScope): string {
  const locale =
    versionNumber >= 170_000
      ? "COALESCE(o.colllocale, o.collcollate)"
      : versionNumber >= 150_000
        ? "COALESCE(o.colliculocale, o.collcollate)"
        : "o.collcollate";
  const rules = versionNumber >= 160_000 ? "o.collicurules" : "NULL::text";
  return asJsonRows(
    "collations",
    `
  SELECT
    n.nspname AS schema,
    o.collname AS name,
    pg_catalog.concat(
      pg_catalog.format('(PROVIDER = %s, LOCALE = %L, DETERMINISTIC = %s',
        CASE o.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END, ${locale}, CASE WHEN o.collisdeterministic THEN 'true' ELSE 'false' END),
      CASE WHEN ${rules} <> '' THEN pg_catalog.format(', RULES = %L', ${rules}) END,
      ')') AS definition
  FROM pg_catalog.pg_collation AS o
  JOIN pg_catalog.pg_namespace AS n ON n.oid = o.collnamespace
  WHERE ${isUserSchema("n")}
    AND ${isNotOfExtension("pg_collation", "o.oid")}
  ORDER BY o.oid`,
  );
}
