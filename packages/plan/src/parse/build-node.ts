import type { ParentRelationship, PlanNode, WorkerTiming } from "../plan.ts";
import { isProperties, type Properties } from "./plan-document.ts";
import { createPropertyReader, type PropertyReader } from "./property-reader.ts";

/** A node before it is in the tree. */
export type NodeFacts = Omit<PlanNode, "id" | "parentId" | "children">;

/**
 * Builds a node's facts from JSON's property names.
 *
 * JSON prints zeros and defaults where text prints nothing; both come out alike here: defaults are left out of `extra`, and
 * counters that must be there under ANALYZE are 0.
 */
export function buildNodeFacts(properties: Properties): NodeFacts {
  const read = createPropertyReader(properties);
  const type = read.text("Node Type") ?? "Unknown";
  const actual = readActual(read);
  const conditions = readConditions(read, actual.rows !== null, type);
  const target = readTarget(read);
  const hash = readHash(read);
  const facts = {
    type,
    parentRelationship: readRelationship(read),
    subplanName: read.text("Subplan Name"),
    ...target,
    joinType: read.text("Join Type"),
    strategy: read.text("Strategy"),
    isBackward: read.text("Scan Direction") === "Backward",
    isParallelAware: read.flag("Parallel Aware"),
    startupCost: read.number("Startup Cost"),
    totalCost: read.number("Total Cost"),
    planRows: read.number("Plan Rows"),
    planWidthBytes: read.number("Plan Width"),
    ...actual,
    ...conditions,
    sortKey: read.list("Sort Key"),
    presortedKey: read.list("Presorted Key"),
    groupKey: read.list("Group Key"),
    heapFetches: read.number("Heap Fetches"),
    ...readHeapBlocks(read, type, actual.rows !== null),
    indexSearches: read.number("Index Searches"),
    sortMethod: read.text("Sort Method"),
    sortSpaceType: read.text("Sort Space Type"),
    sortSpaceKb: read.number("Sort Space Used"),
    ...hash,
    workersPlanned: read.number("Workers Planned"),
    workersLaunched: read.number("Workers Launched"),
    workers: readWorkers(read.take("Workers")),
    buffers: read.buffers(),
  };
  // JSON names these defaults, text does not.
  read.drop("Partial Mode", "Simple");
  read.drop("Operation", "Select");
  // Text tells this under VERBOSE only; one plan must not be two models by its format.
  read.take("Inner Unique");
  return { ...facts, extra: read.rest() };
}

function readActual(
  read: PropertyReader,
): Pick<NodeFacts, "startupMs" | "totalMs" | "rows" | "loops"> {
  return {
    startupMs: read.number("Actual Startup Time"),
    totalMs: read.number("Actual Total Time"),
    rows: read.number("Actual Rows"),
    loops: read.number("Actual Loops"),
  };
}

function readTarget(
  read: PropertyReader,
): Pick<NodeFacts, "relation" | "schema" | "alias" | "index" | "cteName"> {
  const relation = read.text("Relation Name");
  return {
    relation,
    schema: read.text("Schema"),
    alias: read.text("Alias") ?? relation,
    index: read.text("Index Name"),
    cteName: read.text("CTE Name"),
  };
}

function readConditions(
  read: PropertyReader,
  isMeasured: boolean,
  type: string,
): Pick<
  NodeFacts,
  | "filter"
  | "rowsRemovedByFilter"
  | "joinFilter"
  | "rowsRemovedByJoinFilter"
  | "indexCond"
  | "recheckCond"
  | "rowsRemovedByRecheck"
  | "hashCond"
  | "mergeCond"
> {
  const filter = read.text("Filter");
  const joinFilter = read.text("Join Filter");
  const indexCond = read.text("Index Cond");
  const recheckCond = read.text("Recheck Cond");
  const isRechecked = type !== "Bitmap Index Scan" && (indexCond !== null || recheckCond !== null);
  // Text leaves a count of 0 out.
  const count = (name: string, applies: boolean): number | null =>
    read.number(name) ?? (applies && isMeasured ? 0 : null);
  return {
    filter,
    rowsRemovedByFilter: count("Rows Removed by Filter", filter !== null),
    joinFilter,
    rowsRemovedByJoinFilter: count("Rows Removed by Join Filter", joinFilter !== null),
    indexCond,
    recheckCond,
    rowsRemovedByRecheck: count("Rows Removed by Index Recheck", isRechecked),
    hashCond: read.text("Hash Cond"),
    mergeCond: read.text("Merge Cond"),
  };
}

function readHeapBlocks(
  read: PropertyReader,
  type: string,
  isMeasured: boolean,
): Pick<NodeFacts, "exactHeapBlocks" | "lossyHeapBlocks"> {
  const none = type === "Bitmap Heap Scan" && isMeasured ? 0 : null;
  return {
    exactHeapBlocks: read.number("Exact Heap Blocks") ?? none,
    lossyHeapBlocks: read.number("Lossy Heap Blocks") ?? none,
  };
}

function readHash(
  read: PropertyReader,
): Pick<NodeFacts, "hashBuckets" | "hashBatches" | "diskUsageKb" | "peakMemoryKb"> {
  const hashBuckets = read.number("Hash Buckets");
  const hashBatches = read.number("Hash Batches");
  const aggregateBatches = read.number("HashAgg Batches");
  // JSON repeats the original figures; they are news only where they differ.
  for (const [name, now] of [
    ["Original Hash Buckets", hashBuckets],
    ["Original Hash Batches", hashBatches],
  ] as const) {
    read.drop(name, now);
  }
  return {
    hashBuckets,
    hashBatches: hashBatches ?? aggregateBatches,
    diskUsageKb: read.number("Disk Usage"),
    peakMemoryKb: read.number("Peak Memory Usage"),
  };
}

function readWorkers(workers: unknown): readonly WorkerTiming[] {
  if (!Array.isArray(workers)) return [];
  return workers.filter((worker) => isProperties(worker)).map((worker) => readWorker(worker));
}

function readWorker(properties: Properties): WorkerTiming {
  const read = createPropertyReader(properties);
  const worker = read.number("Worker Number") ?? 0;
  const actual = readActual(read);
  // Parts of the node's own figures.
  read.buffers();
  read.take("JIT");
  read.drop("Disk Usage", 0);
  read.drop("Exact Heap Blocks", 0);
  read.drop("Lossy Heap Blocks", 0);
  return { worker, ...actual, extra: read.rest() };
}

const RELATIONSHIPS: readonly ParentRelationship[] = [
  "Outer",
  "Inner",
  "Member",
  "InitPlan",
  "SubPlan",
  "Subquery",
];

function readRelationship(read: PropertyReader): ParentRelationship | null {
  const text = read.text("Parent Relationship");
  return RELATIONSHIPS.find((known) => known === text) ?? null;
}
