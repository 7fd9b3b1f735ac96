import { DatabaseError } from "../engine/database-error.ts";
import type { Engine } from "../engine/engine.ts";
import { restoreRelationSizes } from "../statistics/restore-sizes.ts";
import { type CatalogIndex, readIndexCatalog } from "../storage/index-catalog.ts";
import { type FileSize, sizeFiles } from "../storage/size-relations.ts";
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
    const refusals: (string | null)[] = [];
    for (const index of indexes) refusals.push(await create(engine, index.sql));
    const built = await finish(
      { engine, dataDirectory },
      indexes.filter((_, position) => refusals[position] === null),
    );
    let next = 0;
    return refusals.map((refused) => {
      const index = refused === null ? built[next++] : undefined;
      return index ?? { refused: refused ?? "it is not in the catalog" };
    });
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

/** Sizes and hides them, all in a few round trips. */
async function finish(
  { engine, dataDirectory }: IndexBuilder,
  indexes: readonly IndexToBuild[],
): Promise<readonly (BuiltIndex | undefined)[]> {
  if (indexes.length === 0) return [];
  const trees = await readTrees(engine, indexes);
  const oids = trees.flat();
  const catalog = new Map(
    (await readIndexCatalog(engine, oids)).map((part) => [part.oid, part] as const),
  );
  const files: FileSize[] = [];
  const results = indexes.map((index, position): BuiltIndex | undefined => {
    const members = (trees[position] ?? []).flatMap((oid) => catalog.get(oid) ?? []);
    const top = members.find((part) => part.name === index.name && part.schema === index.schema);
    if (top === undefined) return undefined;
    const parts: IndexPart[] = [];
    for (const part of members) {
      if (part.path === null) continue;
      const measure = index.measure(part);
      files.push({ path: part.path, method: part.method, ...measure });
      const { oid, name, table, tableOid } = part;
      parts.push({ oid, name, table, tableOid, ...measure });
    }
    return { top, oids: members.map((part) => part.oid), parts };
  });
  await sizeFiles(dataDirectory, files);
  await restoreRelationSizes(
    engine,
    results.flatMap((result) => result?.parts ?? []),
  );
  await engine.run(
    `UPDATE pg_index SET indisvalid = false WHERE indexrelid IN (${oids.join(",")})`,
  );
  return results;
}

/** Per index: itself and what it became on partitions. */
async function readTrees(
  engine: Engine,
  indexes: readonly IndexToBuild[],
): Promise<readonly (readonly number[])[]> {
  const names = indexes.map(
    (index, position) =>
      `(${position}, ${quoteLiteral(quoteQualified(index.schema, index.name))}::regclass)`,
  );
  const rows = await engine.run(
    `SELECT v.n, t.oid::int8::text AS oid FROM (VALUES ${names.join(", ")}) v(n, root)
       JOIN LATERAL (SELECT relid::oid FROM pg_partition_tree(v.root) UNION SELECT v.root::oid) t(oid) ON true`,
  );
  const trees: number[][] = indexes.map(() => []);
  for (const row of rows) trees[Number(row["n"])]?.push(Number(row["oid"]));
  return trees;
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
