import { DatabaseError } from "../engine/database-error.ts";
import type { Engine } from "../engine/engine.ts";
import { restoreRelationSizes } from "../statistics/restore-sizes.ts";
import { type CatalogIndex, readIndexCatalog } from "../storage/index-catalog.ts";
import { sizeFiles } from "../storage/size-relations.ts";
import type { IndexMeasure } from "../storage/sizing.ts";
import { withEmptyHeaps } from "./empty-heap.ts";
import type { IndexPart } from "./index-registry.ts";
import { quoteLiteral, quoteQualified } from "../sql-text.ts";

export interface IndexToBuild {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  readonly sql: string;
  /** Size of one file; asked for each partition. */
  measure(index: CatalogIndex): IndexMeasure;
}

export interface BuiltIndex {
  readonly top: CatalogIndex;
  readonly oids: readonly number[];
  readonly parts: readonly IndexPart[];
}

export interface IndexBuilder {
  readonly engine: Engine;
  readonly dataDirectory: string;
}

/**
 * Creates indexes, hidden, sized and with forged heights, without closing the session.
 *
 * A new B-tree is written past the session's buffers, and nothing reads it before its file was changed.
 *
 * @returns in order; the reason where PostgreSQL refused one
 */
export async function buildIndexes(
  { engine, dataDirectory }: IndexBuilder,
  indexes: readonly IndexToBuild[],
): Promise<readonly (BuiltIndex | { readonly refused: string })[]> {
  const heaps = await heapOids(engine, indexes);
  return withEmptyHeaps(engine, heaps, async () => {
    const results: (BuiltIndex | { readonly refused: string })[] = [];
    for (const index of indexes) {
      const refused = await create(engine, index.sql);
      if (refused !== null) results.push({ refused });
      else results.push(await finish({ engine, dataDirectory }, index));
    }
    return results;
  });
}

async function create(engine: Engine, sql: string): Promise<string | null> {
  await engine.run("SAVEPOINT index");
  try {
    await engine.run(sql);
    await engine.run("RELEASE index");
    return null;
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    await engine.run("ROLLBACK TO index");
    return error.safeMessage;
  }
}

async function finish(
  { engine, dataDirectory }: IndexBuilder,
  index: IndexToBuild,
): Promise<BuiltIndex> {
  const tree = await engine.run(
    `SELECT relid::oid::int8::text AS oid
       FROM pg_partition_tree(${quoteLiteral(quoteQualified(index.schema, index.name))}::regclass)
     UNION SELECT ${quoteLiteral(quoteQualified(index.schema, index.name))}::regclass::oid::int8::text`,
  );
  const oids = tree.map((row) => Number(row["oid"]));
  const catalog = await readIndexCatalog(engine, oids);
  const parts: IndexPart[] = [];
  const files = [];
  for (const part of catalog) {
    if (part.path === null) continue;
    const measure = index.measure(part);
    files.push({ path: part.path, method: part.method, ...measure });
    parts.push({
      oid: part.oid,
      name: part.name,
      table: part.table,
      tableOid: part.tableOid,
      ...measure,
    });
  }
  await sizeFiles(dataDirectory, files);
  await restoreRelationSizes(engine, parts);
  await engine.run(
    `UPDATE pg_index SET indisvalid = false WHERE indexrelid IN (${oids.join(",")})`,
  );
  const top = catalog.find((part) => part.name === index.name && part.schema === index.schema);
  if (top === undefined) throw new Error(`the new index ${index.name} is not in the catalog`);
  return { top, oids, parts };
}

/** Tables with a file, partitions of partitioned ones included. */
async function heapOids(engine: Engine, indexes: readonly IndexToBuild[]): Promise<number[]> {
  const names = new Set(indexes.map((index) => quoteQualified(index.schema, index.table)));
  if (names.size === 0) return [];
  const values = [...names].map((name) => `(${quoteLiteral(name)})`).join(", ");
  const rows = await engine.run(
    `SELECT DISTINCT c.oid::int8::text AS oid
       FROM (VALUES ${values}) v(name)
       JOIN LATERAL (SELECT to_regclass(v.name)::oid AS root) r ON r.root IS NOT NULL
       JOIN LATERAL (SELECT relid::oid FROM pg_partition_tree(r.root) UNION SELECT r.root) t(oid) ON true
       JOIN pg_class c ON c.oid = t.oid AND c.relkind IN ('r', 'm')`,
  );
  return rows.map((row) => Number(row["oid"]));
}
