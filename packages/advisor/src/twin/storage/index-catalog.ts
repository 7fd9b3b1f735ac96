import type { Engine } from "../engine/engine.ts";

/** One index with a file, or a partitioned index without one. */
export interface CatalogIndex {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly table: string;
  readonly tableOid: number;
  /** Below the data directory; `null` for a partitioned parent. */
  readonly path: string | null;
  readonly method: string;
  readonly isUnique: boolean;
  /** Keys, then the columns of INCLUDE. */
  readonly columns: readonly CatalogIndexColumn[];
  readonly keyCount: number;
  readonly predicate: string | null;
  readonly nullsNotDistinct: boolean;
  readonly options: readonly string[];
  /** `CREATE INDEX …` */
  readonly definition: string;
}

export interface CatalogIndexColumn {
  /** SQL text, quoted: a column's name or an expression in parentheses. */
  readonly text: string;
  /** Column of the table; `null` for an expression. */
  readonly column: string | null;
  /** As `pg_type` has it: `text`, `numeric`. */
  readonly typeName: string;
  /** Bytes; -1: variable. */
  readonly typeLength: number;
  /** 1, 2, 4 or 8. */
  readonly alignment: number;
  /** Equal values are equal bytes, see `BtreeKey`. */
  readonly isEqualImage: boolean;
  readonly isDescending: boolean;
  readonly isNullsFirst: boolean;
  /** Qualified and quoted. */
  readonly opclass: string | null;
  readonly collation: string | null;
}

/*
 * Support function 4 of a B-tree operator family says whether equal values are equal bytes; for text it depends on the
 * collation being deterministic. Source: PostgreSQL 18, doc/src/sgml/btree.sgml, "equalimage".
 */
const COLUMNS = `
  SELECT coalesce(json_agg(json_build_object(
    'text', pg_get_indexdef(i.indexrelid, k.n, false),
    'column', a.attname,
    'typeName', ty.typname,
    'typeLength', ia.attlen,
    'alignment', CASE ia.attalign WHEN 'c' THEN 1 WHEN 's' THEN 2 WHEN 'i' THEN 4 ELSE 8 END,
    'isEqualImage', coalesce(
      EXISTS (SELECT FROM pg_amproc p WHERE p.amprocfamily = o.opcfamily AND p.amprocnum = 4
                 AND p.amproclefttype = o.opcintype AND p.amprocrighttype = o.opcintype)
      AND coalesce(cl.collisdeterministic, true), false),
    'isDescending', k.n <= i.indnkeyatts AND (i.indoption[k.n - 1] & 1) = 1,
    'isNullsFirst', k.n <= i.indnkeyatts AND (i.indoption[k.n - 1] & 2) = 2,
    'opclass', quote_ident(opn.nspname) || '.' || quote_ident(o.opcname),
    'collation', quote_ident(cln.nspname) || '.' || quote_ident(cl.collname)
  ) ORDER BY k.n), '[]')
  FROM generate_series(1, i.indnatts) k(n)
  JOIN pg_attribute ia ON ia.attrelid = i.indexrelid AND ia.attnum = k.n
  JOIN pg_type ty ON ty.oid = ia.atttypid
  LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n - 1] AND i.indkey[k.n - 1] <> 0
  LEFT JOIN pg_opclass o ON k.n <= i.indnkeyatts AND o.oid = i.indclass[k.n - 1]
  LEFT JOIN pg_namespace opn ON opn.oid = o.opcnamespace
  LEFT JOIN pg_collation cl ON k.n <= i.indnkeyatts AND cl.oid = i.indcollation[k.n - 1]
  LEFT JOIN pg_namespace cln ON cln.oid = cl.collnamespace`;

/**
 * Reads indexes from the twin's own catalog.
 *
 * @param oids - `null`: all of the user's
 */
export async function readIndexCatalog(
  engine: Engine,
  oids: readonly number[] | null,
): Promise<readonly CatalogIndex[]> {
  if (oids?.length === 0) return [];
  const filter =
    oids === null
      ? "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
      : `c.oid IN (${oids.join(",")})`;
  const rows = await engine.run(
    `SELECT json_build_object(
       'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'table', t.relname, 'tableOid', t.oid::int8,
       'path', pg_relation_filepath(c.oid), 'method', am.amname, 'isUnique', i.indisunique, 'keyCount', i.indnkeyatts,
       'columns', (${COLUMNS}), 'predicate', pg_get_expr(i.indpred, i.indrelid),
       'nullsNotDistinct', i.indnullsnotdistinct, 'options', coalesce(to_json(c.reloptions), '[]'),
       'definition', pg_get_indexdef(c.oid)) AS index
     FROM pg_index i
     JOIN pg_class c ON c.oid = i.indexrelid
     JOIN pg_class t ON t.oid = i.indrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_am am ON am.oid = c.relam
     WHERE t.relkind IN ('r', 'p', 'm') AND ${filter}
     ORDER BY c.oid`,
  );
  return rows.map((row): CatalogIndex => JSON.parse(String(row["index"])));
}
