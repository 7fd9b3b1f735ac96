import type { DatabaseSnapshot, Index } from "../../snapshot/database-snapshot.ts";
import { quoteQualified } from "../sql-text.ts";
import type { CatalogIndex } from "../storage/index-catalog.ts";
import { PAGE_BYTES } from "../storage/page-checksum.ts";
import type { IndexSizing } from "../storage/sizing.ts";
import type { IndexPart, RegisteredIndex } from "./index-registry.ts";

/** Production's indexes as the twin has them; those of partitions belong to their topmost parent. */
export function existingIndexes(
  snapshot: DatabaseSnapshot,
  catalog: readonly CatalogIndex[],
  sizing: IndexSizing,
): readonly RegisteredIndex[] {
  const snapshotIndexes = new Map(
    snapshot.indexes.map((index) => [quoteQualified(index.schema, index.name), index]),
  );
  const members = new Map<string, [CatalogIndex, Index][]>();
  for (const entry of catalog) {
    const index = snapshotIndexes.get(quoteQualified(entry.schema, entry.name));
    if (index === undefined) continue;
    const top = topmost(index, snapshotIndexes);
    members.set(top, [...(members.get(top) ?? []), [entry, index]]);
  }
  const registered: RegisteredIndex[] = [];
  for (const [id, group] of members) {
    const top = group.find(([, index]) => quoteQualified(index.schema, index.name) === id);
    if (top !== undefined) registered.push(register(id, top, group, sizing));
  }
  return registered.toSorted((a, b) => (a.oids[0] ?? 0) - (b.oids[0] ?? 0));
}

function topmost(index: Index, indexes: ReadonlyMap<string, Index>): string {
  let current = index;
  while (current.parent !== null) {
    const parent = indexes.get(quoteQualified(current.parent.schema, current.parent.name));
    if (parent === undefined) break;
    current = parent;
  }
  return quoteQualified(current.schema, current.name);
}

function register(
  id: string,
  [topEntry, top]: readonly [CatalogIndex, Index],
  group: readonly (readonly [CatalogIndex, Index])[],
  sizing: IndexSizing,
): RegisteredIndex {
  const parts = group
    .filter(([entry]) => entry.path !== null)
    .map(([entry, index]): IndexPart => ({
      oid: entry.oid,
      name: entry.name,
      table: entry.table,
      tableOid: entry.tableOid,
      pages: index.pages,
      rows: index.rows,
      height: sizing.existingHeight(entry, index.pages, index.rows),
    }));
  const rest = group.map(([entry]) => entry.oid).filter((oid) => oid !== topEntry.oid);
  return {
    index: {
      id,
      origin: "existing",
      schema: top.schema,
      table: top.table,
      name: top.name,
      ddl: top.definition.replace(/ ON ONLY /u, " ON "),
      sizeBytes: parts.reduce((sum, part) => sum + part.pages, 0) * PAGE_BYTES,
      canHide: group.every(([, index]) => hasOnlySpeed(index)),
    },
    method: topEntry.method,
    keyCount: topEntry.keyCount,
    oids: [topEntry.oid, ...rest],
    parts,
  };
}

/** Nothing but queries would notice that it is gone. */
function hasOnlySpeed(index: Index): boolean {
  return !(
    index.isUnique ||
    index.isPrimaryKey ||
    index.isExclusion ||
    index.isConstraint ||
    index.isReplicaIdentity ||
    index.isForeignKeyTarget
  );
}
