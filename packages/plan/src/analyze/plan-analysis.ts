import type { Buffers } from "../plan.ts";

/** What a plan's figures mean for each node: its own share of time, cost and pages. */
export interface PlanAnalysis {
  /** `nodes[i]` belongs to `plan.nodes[i]`. */
  readonly nodes: readonly NodeAnalysis[];
  /** Wall milliseconds of the root with everything below; `null` without times. Self times sum to this and `outsideMs`. */
  readonly rootMs: number | null;
  /** Data-modifying CTEs that ran on after the root had returned its last row; in no node's time. */
  readonly outsideMs: number;
  /**
   * Milliseconds by which children claimed more than their parents had: rounding of the printed averages, and processes that
   * ran at the same time. Self times are fitted into what the parents had, so the sum holds.
   */
  readonly residueMs: number;
  /** Cost units of the root; self costs sum to it. */
  readonly rootCost: number | null;
  /** True when the plan has rows that came (`ANALYZE`). */
  readonly isMeasured: boolean;
}

export interface NodeAnalysis {
  readonly id: number;
  /** Wall milliseconds over all loops, children included. */
  readonly totalMs: number | null;
  /** Wall milliseconds that were the node's own work; 0 when it never ran, `null` without times. */
  readonly selfMs: number | null;
  /** 0..1 of `rootMs`. */
  readonly selfTimeRatio: number | null;
  /** True below a Gather without per-worker times: wall time is then total work divided by the processes that took part. */
  readonly isEstimatedMs: boolean;
  /** Processes that ran the node at the same time, leader included. */
  readonly participants: number;
  readonly selfCost: number | null;
  /** 0..1 of `rootCost`. */
  readonly selfCostRatio: number | null;
  /** Pages that the node itself touched. */
  readonly selfBuffers: Buffers | null;
  /** Rows over all loops and processes. */
  readonly totalRows: number | null;
  /** Rows that filters, join filters and rechecks threw away, over all loops and processes. */
  readonly removedRows: number | null;
  /** How many times the estimate is off, at least 1; both sides per loop and at least 1 row. */
  readonly estimateFactor: number | null;
  /** `under`: more rows came than planned. */
  readonly estimateError: "under" | "over" | null;
  readonly isNeverExecuted: boolean;
}
