import type { DatabaseSnapshot, Relation } from "../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "./schema-lookup.ts";
import type { QueryShape } from "./shape/query-shape.ts";

/** Rows written to one table while the workload's calls were counted. */
export interface TableWrites {
  readonly inserts: number;
  readonly deletes: number;
  readonly updates: readonly UpdateRate[];
  /** Share of the updates that touch no index today. */
  readonly hotRatio: number;
}

interface UpdateRate {
  readonly rows: number;
  /** `null`: not known, because the table's counters say how many and not which columns. */
  readonly setColumns: readonly string[] | null;
}

export interface WritingStatement {
  readonly calls: number;
  readonly rows: number | null;
  readonly shape: QueryShape;
}

/** Where the server has not counted any update: half of them, as with a page that has room for some. */
const UNKNOWN_HOT_RATIO = 0.5;

/** Rows per call from which a statement loads or mends a table rather than serves a request. */
const ROWS_OF_A_LOAD = 1_000;

/** An UPDATE of that many rows that ran no more often was run by hand, or by a migration. */
const MOST_CALLS_BY_HAND = 2;

/**
 * Writes to a table in the same span as the workload.
 *
 * Taken from the workload's own INSERT, UPDATE, DELETE and MERGE where it has some on the table. Otherwise from the
 * table's counters, as writes per scan times the workload's reads. Either way rows that were loaded and are still there
 * are left out, since loading them once is no rate.
 */
export function tableWrites(
  relation: Relation,
  statements: readonly WritingStatement[],
  schema: SchemaLookup,
): TableWrites {
  const written = fromStatements(relation, statements, schema);
  return written ?? fromCounters(relation, statements);
}

function fromStatements(
  relation: Relation,
  statements: readonly WritingStatement[],
  schema: SchemaLookup,
): TableWrites | null {
  let inserts = 0;
  let loaded = 0;
  let deletes = 0;
  const updates: UpdateRate[] = [];
  let isWritten = false;
  for (const { calls, rows: counted, shape } of statements) {
    const target = shape.occurrences.find(
      (item) => item.isTarget && isPart(relation, item.relation, schema),
    );
    if (target === undefined) continue;
    isWritten = true;
    const rows = counted ?? calls;
    const isLoad = rows >= ROWS_OF_A_LOAD * calls;
    if (shape.kind === "insert" || shape.kind === "merge") {
      if (isLoad) loaded += rows;
      else inserts += rows;
    }
    if (shape.kind === "delete") deletes += rows;
    if (shape.kind === "update" && !(isLoad && calls <= MOST_CALLS_BY_HAND)) {
      updates.push({ rows, setColumns: target.setColumns });
    }
  }
  if (!isWritten) return null;
  inserts += Math.max(loaded - rowsOf(relation, schema), 0);
  return { inserts, deletes, updates, hotRatio: hotRatioOf(relation) };
}

function fromCounters(relation: Relation, statements: readonly WritingStatement[]): TableWrites {
  const { activity } = relation;
  if (activity === null) {
    return { inserts: 0, deletes: 0, updates: [], hotRatio: UNKNOWN_HOT_RATIO };
  }
  const reads = statements
    .filter(({ shape }) => shape.occurrences.some((item) => item.relation === relation))
    .reduce((sum, { calls }) => sum + calls, 0);
  const perScan = reads / Math.max(activity.sequentialScans + activity.indexScans, 1);
  const rows = activity.updates * perScan;
  return {
    inserts: Math.max(activity.inserts - activity.rowsLive, 0) * perScan,
    deletes: activity.deletes * perScan,
    updates: rows > 0 ? [{ rows, setColumns: null }] : [],
    hotRatio: hotRatioOf(relation),
  };
}

/** A write to a partitioned table reaches its partitions, and a candidate on it has an index on each. */
function isPart(relation: Relation, written: Relation, schema: SchemaLookup): boolean {
  return (
    relation === written ||
    schema.descendants(written).includes(relation) ||
    schema.descendants(relation).includes(written)
  );
}

function rowsOf(relation: Relation, schema: SchemaLookup): number {
  const parts = schema
    .descendants(relation)
    .filter(({ kind }) => kind !== "partitioned")
    .reduce((sum, part) => sum + livingRows(part), 0);
  return Math.max(parts, livingRows(relation));
}

function livingRows({ rows, activity }: Relation): number {
  return Math.max(rows, activity?.rowsLive ?? 0, 0);
}

function hotRatioOf({ activity }: Relation): number {
  if (activity === null || activity.updates === 0) return UNKNOWN_HOT_RATIO;
  return Math.min(activity.hotUpdates / activity.updates, 1);
}

/** A planner setting's value; the snapshot holds those that differ from the default. */
export function plannerSetting(
  snapshot: DatabaseSnapshot,
  name: string,
  defaultValue: number,
): number {
  const value = Number(snapshot.settings.find((setting) => setting.name === name)?.value);
  return Number.isFinite(value) ? value : defaultValue;
}
