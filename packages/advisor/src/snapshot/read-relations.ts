import type { Read } from "../session/read-only-session.ts";
import type { Column, Relation, TableActivity } from "./database-snapshot.ts";
import { groupRows } from "./group-rows.ts";
import { plannerTableRows } from "./planner-rows.ts";
import {
  columnsSql,
  PARENTS_SQL,
  relationsSql,
  sizesSql,
  TABLE_ACTIVITY_SQL,
} from "./sql/relation-sql.ts";
import type { SqlScope } from "./sql/user-objects.ts";

/** A relation with what decides who sees its statistics. */
export interface RelationFacts {
  readonly relation: Relation;
  readonly owner: string;
  /** Policies hide rows from this role, and with them all statistics of the table. */
  readonly isRowSecurityActive: boolean;
  readonly isSelectable: boolean;
  readonly unreadableColumns: readonly string[];
}

interface RelationRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: Relation["kind"];
  readonly analyzed_pages: number;
  readonly analyzed_rows: number;
  readonly all_visible_pages: number;
  readonly all_frozen_pages: number | null;
  readonly options: readonly string[];
  readonly partition_key: string | null;
  readonly partition_bound: string | null;
  readonly has_row_security: boolean;
  readonly is_row_security_active: boolean;
  readonly is_selectable: boolean;
  readonly owner: string;
}

interface ColumnRow {
  readonly oid: number;
  readonly number: number;
  readonly name: string;
  readonly type: string;
  readonly is_not_null: boolean;
  readonly collation: string | null;
  readonly default_expression: string | null;
  readonly generated: Column["generated"];
  readonly statistics_target: number | null;
  readonly options: readonly string[];
  readonly is_selectable: boolean;
}

interface ParentRow {
  readonly oid: number;
  readonly parent_schema: string;
  readonly parent_name: string;
}

export interface RelationRows {
  readonly relations: readonly RelationRow[];
  readonly columns: readonly ColumnRow[];
  readonly parents: readonly ParentRow[];
}

export async function readRelationRows(read: Read, scope: SqlScope): Promise<RelationRows> {
  const relations = await read<RelationRow>(relationsSql(scope));
  const columns = await read<ColumnRow>(columnsSql(scope));
  const parents = await read<ParentRow>(PARENTS_SQL);
  return { relations, columns, parents };
}

/** OID of a table or index -> pages on disk. */
export type Sizes = ReadonlyMap<number, number>;

export async function readSizes(read: Read, scope: SqlScope): Promise<Sizes> {
  const rows = await read<{ readonly oid: number; readonly pages: number | null }>(sizesSql(scope));
  return new Map(rows.flatMap(({ oid, pages }) => (pages === null ? [] : [[oid, pages] as const])));
}

interface ActivityRow {
  readonly oid: number;
  readonly sequential_scans: number;
  readonly sequential_rows_read: number;
  readonly index_scans: number;
  readonly inserts: number;
  readonly updates: number;
  readonly hot_updates: number;
  readonly deletes: number;
  readonly rows_live: number;
  readonly rows_dead: number;
  readonly last_analyzed_at_ms: number | null;
}

/** OID of a table -> what happened to it. */
export type TableActivities = ReadonlyMap<
  number,
  { readonly activity: TableActivity; readonly lastAnalyzedAtMs: number | null }
>;

export async function readTableActivity(read: Read): Promise<TableActivities> {
  const rows = await read<ActivityRow>(TABLE_ACTIVITY_SQL);
  return new Map(
    rows.map((row) => [
      row.oid,
      {
        activity: {
          sequentialScans: row.sequential_scans,
          sequentialRowsRead: row.sequential_rows_read,
          indexScans: row.index_scans,
          inserts: row.inserts,
          updates: row.updates,
          hotUpdates: row.hot_updates,
          deletes: row.deletes,
          rowsLive: row.rows_live,
          rowsDead: row.rows_dead,
        },
        lastAnalyzedAtMs: row.last_analyzed_at_ms,
      },
    ]),
  );
}

export function toRelations(
  { relations, columns, parents }: RelationRows,
  sizes: Sizes,
  activities: TableActivities,
): readonly RelationFacts[] {
  const columnsByOid = groupRows(columns, (column) => column.oid);
  const parentsByOid = groupRows(parents, (parent) => parent.oid);
  return relations.map((row) => {
    const own = columnsByOid.get(row.oid) ?? [];
    const currentPages = sizes.get(row.oid) ?? row.analyzed_pages;
    const activity = activities.get(row.oid);
    return {
      owner: row.owner,
      isRowSecurityActive: row.is_row_security_active,
      isSelectable: row.is_selectable,
      unreadableColumns: own.filter((column) => !column.is_selectable).map(({ name }) => name),
      relation: {
        oid: row.oid,
        schema: row.schema,
        name: row.name,
        kind: row.kind,
        columns: own.map((column) => toColumn(column, row.is_row_security_active)),
        pages: currentPages,
        rows: toRows(row, currentPages),
        allVisiblePages: row.all_visible_pages,
        allFrozenPages: row.all_frozen_pages,
        options: row.options,
        partitionKey: row.partition_key,
        partitionBound: row.partition_bound,
        parents: (parentsByOid.get(row.oid) ?? []).map((parent) => ({
          schema: parent.parent_schema,
          name: parent.parent_name,
        })),
        hasRowSecurity: row.has_row_security,
        activity: activity?.activity ?? null,
        lastAnalyzedAtMs: activity?.lastAnalyzedAtMs ?? null,
      },
    };
  });
}

function toRows(row: RelationRow, currentPages: number): number {
  // A partitioned or foreign table has no file here: what analyze counted is all the planner has.
  if (row.kind === "partitioned" || row.kind === "foreign-table") return row.analyzed_rows;
  return plannerTableRows({
    analyzedPages: row.analyzed_pages,
    analyzedRows: row.analyzed_rows,
    currentPages,
  });
}

function toColumn(row: ColumnRow, isRowSecurityActive: boolean): Column {
  return {
    number: row.number,
    name: row.name,
    type: row.type,
    isNotNull: row.is_not_null,
    collation: row.collation,
    default: row.default_expression,
    generated: row.generated,
    statisticsTarget: row.statistics_target,
    options: row.options,
    hasVisibleStatistics: row.is_selectable && !isRowSecurityActive,
  };
}
