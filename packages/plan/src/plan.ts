/**
 * A query plan as PostgreSQL printed it.
 *
 * Nothing is scaled: `rows`, `planRows` and times are per loop, buffers are totals of the node and everything below it.
 * What the plan did not say is `null`.
 */
export interface Plan {
  readonly format: "text" | "json";
  readonly root: PlanNode;
  /** Every node, parents before children; `nodes[i].id === i`. */
  readonly nodes: readonly PlanNode[];
  readonly planningMs: number | null;
  readonly executionMs: number | null;
  /** Sum over `triggers`; time outside the nodes. */
  readonly triggerMs: number | null;
  /** JIT compilation in total; it lies inside the startup times of the nodes. */
  readonly jitMs: number | null;
  /** Turning the result into its wire form (`SERIALIZE`); time outside the nodes. */
  readonly serializationMs: number | null;
  readonly triggers: readonly TriggerTiming[];
  readonly planningBuffers: Buffers | null;
  /** Settings that differ from their defaults (`SETTINGS`), by name. */
  readonly settings: Readonly<Record<string, string>>;
  /** The statement, where the text carried it (auto_explain, `Query Text`). */
  readonly query: string | null;
}

export type ParentRelationship = "Outer" | "Inner" | "Member" | "InitPlan" | "SubPlan" | "Subquery";

export interface PlanNode {
  /** Position in `Plan.nodes`. */
  readonly id: number;
  readonly parentId: number | null;
  readonly children: readonly PlanNode[];
  /** As PostgreSQL spells it in JSON: `Seq Scan`, `Index Only Scan`, `Nested Loop`, `Aggregate`. */
  readonly type: string;
  readonly parentRelationship: ParentRelationship | null;
  /** `CTE active`, `InitPlan 1`, `SubPlan 2`. */
  readonly subplanName: string | null;
  readonly relation: string | null;
  readonly schema: string | null;
  readonly alias: string | null;
  readonly index: string | null;
  readonly cteName: string | null;
  /** `Inner`, `Left`, `Semi`, `Anti`, … */
  readonly joinType: string | null;
  /** `Sorted`, `Hashed`, `Plain`, `Mixed`. */
  readonly strategy: string | null;
  readonly isBackward: boolean;
  readonly isParallelAware: boolean;

  readonly startupCost: number | null;
  readonly totalCost: number | null;
  readonly planRows: number | null;
  readonly planWidthBytes: number | null;

  /** Milliseconds per loop, children included; `null` without ANALYZE or with TIMING OFF. */
  readonly startupMs: number | null;
  readonly totalMs: number | null;
  readonly rows: number | null;
  /** 0: never executed; `rows` and times are then 0. */
  readonly loops: number | null;

  readonly filter: string | null;
  readonly rowsRemovedByFilter: number | null;
  readonly joinFilter: string | null;
  readonly rowsRemovedByJoinFilter: number | null;
  readonly indexCond: string | null;
  readonly recheckCond: string | null;
  readonly rowsRemovedByRecheck: number | null;
  readonly hashCond: string | null;
  readonly mergeCond: string | null;
  readonly sortKey: readonly string[];
  readonly presortedKey: readonly string[];
  readonly groupKey: readonly string[];

  readonly heapFetches: number | null;
  readonly exactHeapBlocks: number | null;
  readonly lossyHeapBlocks: number | null;
  readonly indexSearches: number | null;
  readonly sortMethod: string | null;
  /** `Disk` or `Memory`. */
  readonly sortSpaceType: string | null;
  readonly sortSpaceKb: number | null;
  readonly hashBuckets: number | null;
  readonly hashBatches: number | null;
  readonly diskUsageKb: number | null;
  readonly peakMemoryKb: number | null;
  readonly workersPlanned: number | null;
  readonly workersLaunched: number | null;
  readonly workers: readonly WorkerTiming[];
  readonly buffers: Buffers | null;

  /** Every other property, by PostgreSQL's own name. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** One parallel worker's share of a node; times and rows are printed with VERBOSE only. */
export interface WorkerTiming {
  readonly worker: number;
  /** Milliseconds per loop of this worker. */
  readonly startupMs: number | null;
  readonly totalMs: number | null;
  readonly rows: number | null;
  readonly loops: number | null;
  /** Every other property (`Sort Method`, `Sort Space Used`), by PostgreSQL's own name. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** AFTER triggers of a statement, foreign key checks among them. */
export interface TriggerTiming {
  readonly name: string;
  readonly constraint: string | null;
  readonly relation: string | null;
  /** Milliseconds over all calls. */
  readonly totalMs: number | null;
  readonly calls: number | null;
}

/** Pages of 8 kB, totals of the node and everything below it. */
export interface Buffers {
  readonly sharedHit: number;
  readonly sharedRead: number;
  readonly sharedDirtied: number;
  readonly sharedWritten: number;
  readonly localHit: number;
  readonly localRead: number;
  readonly localDirtied: number;
  readonly localWritten: number;
  readonly tempRead: number;
  readonly tempWritten: number;
}
