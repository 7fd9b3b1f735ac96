import type { Read } from "../session/read-only-session.ts";
import type { ExistingIndexKey, Index } from "./database-snapshot.ts";
import { groupRows } from "./group-rows.ts";
import { quoteQualified } from "./identifier.ts";
import { plannerIndexRows } from "./planner-rows.ts";
import type { Sizes } from "./read-relations.ts";
import { indexKeysSql, indexActivitySql, indexesSql } from "./sql/index-sql.ts";
import type { SqlScope } from "./sql/user-objects.ts";

interface IndexRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly table: string;
  readonly definition: string;
  readonly method: string;
  readonly include: readonly string[];
  readonly predicate: string | null;
  readonly is_unique: boolean;
  readonly is_primary_key: boolean;
  readonly is_exclusion: boolean;
  readonly backs_constraint: boolean;
  readonly is_foreign_key_target: boolean;
  readonly is_replica_identity: boolean;
  readonly is_clustered: boolean;
  readonly is_valid: boolean;
  readonly is_ready: boolean;
  readonly nulls_not_distinct: boolean;
  readonly options: readonly string[];
  readonly analyzed_pages: number;
  readonly analyzed_rows: number;
  /** Statistics of index expressions belong to the index, which nobody can be granted. */
  readonly is_selectable: boolean;
  readonly parent_schema: string | null;
  readonly parent_name: string | null;
}

interface KeyRow extends ExistingIndexKey {
  readonly oid: number;
}

export interface IndexRows {
  readonly indexes: readonly IndexRow[];
  readonly keys: readonly KeyRow[];
}

export async function readIndexRows(read: Read, scope: SqlScope): Promise<IndexRows> {
  const indexes = await read<IndexRow>(indexesSql(scope));
  const keys = await read<KeyRow>(indexKeysSql(scope));
  return { indexes, keys };
}

/** Names of indexes whose expressions have statistics that the role cannot see. */
export function indexesWithHiddenStatistics({ indexes, keys }: IndexRows): readonly string[] {
  const withExpression = new Set(keys.filter((key) => key.column === null).map(({ oid }) => oid));
  return indexes
    .filter((row) => !row.is_selectable && withExpression.has(row.oid))
    .map((row) => quoteQualified(row.schema, row.name));
}

/** OID of an index -> how it was used. */
export type IndexActivities = ReadonlyMap<
  number,
  { readonly scans: number; readonly lastScanAtMs: number | null }
>;

export async function readIndexActivity(read: Read, scope: SqlScope): Promise<IndexActivities> {
  const rows = await read<{
    readonly oid: number;
    readonly scans: number;
    readonly last_scan_at_ms: number | null;
  }>(indexActivitySql(scope));
  return new Map(
    rows.map((row) => [row.oid, { scans: row.scans, lastScanAtMs: row.last_scan_at_ms }]),
  );
}

export function toIndexes(
  { indexes, keys }: IndexRows,
  sizes: Sizes,
  activities: IndexActivities,
): readonly Index[] {
  const keysByOid = groupRows(keys, (key) => key.oid);
  return indexes.map((row) => {
    const currentPages = sizes.get(row.oid) ?? row.analyzed_pages;
    const activity = activities.get(row.oid);
    return {
      oid: row.oid,
      schema: row.schema,
      name: row.name,
      table: row.table,
      definition: row.definition,
      method: row.method,
      keys: (keysByOid.get(row.oid) ?? []).map(({ oid: _oid, ...key }) => key),
      include: row.include,
      predicate: row.predicate,
      isUnique: row.is_unique,
      isPrimaryKey: row.is_primary_key,
      isExclusion: row.is_exclusion,
      isConstraint: row.backs_constraint || row.is_foreign_key_target || row.is_replica_identity,
      isReplicaIdentity: row.is_replica_identity,
      isForeignKeyTarget: row.is_foreign_key_target,
      isClustered: row.is_clustered,
      isValid: row.is_valid,
      isReady: row.is_ready,
      nullsNotDistinct: row.nulls_not_distinct,
      options: row.options,
      pages: currentPages,
      rows: plannerIndexRows({
        analyzedPages: row.analyzed_pages,
        analyzedRows: row.analyzed_rows,
        currentPages,
      }),
      scans: activity?.scans ?? null,
      lastScanAtMs: activity?.lastScanAtMs ?? null,
      parent:
        row.parent_schema === null || row.parent_name === null
          ? null
          : { schema: row.parent_schema, name: row.parent_name },
    };
  });
}
