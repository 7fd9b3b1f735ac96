import type { Evidence, Finding } from "@upshift/findings";
import type { PlanNode } from "../plan.ts";
import { formatCount } from "../finding/format-count.ts";
import { planFinding, titleOf } from "../finding/plan-finding.ts";
import type { PlanRule, PlanRuleContext } from "../plan-rule.ts";

/** A sort, hash or aggregate did not fit into work_mem. */
export const diskSpill: PlanRule = {
  id: "plan/disk-spill",
  find: (context) => context.plan.nodes.flatMap((node) => findIn(context, node)),
};

function findIn(context: PlanRuleContext, node: PlanNode): readonly Finding[] {
  const spill = spillOf(node);
  if (spill === null) return [];
  const isSmall = spill.diskKb !== null && spill.diskKb < context.threshold("warnDiskKb");
  const needed = spill.neededKb === null ? null : roundUpMb(spill.neededKb);
  return [
    planFinding(context, {
      rule: "plan/disk-spill",
      node,
      severity: isSmall || !spill.isMeasured ? "info" : "warn",
      confidence: spill.isMeasured ? "proven" : "likely",
      title: spill.isMeasured
        ? `${titleOf(node)} did not fit into work_mem and ${spill.what}`
        : `${titleOf(node)} is planned to go to disk: ${spill.what}`,
      evidence: spill.evidence,
      fix: {
        title: "Give this query more work_mem, or let it keep fewer rows or columns",
        ...(needed === null
          ? {}
          : { sql: `SET work_mem = '${needed}MB';`, undo: "RESET work_mem;" }),
        caution:
          "work_mem counts per sort or hash and per process, not per connection: set it for the query's session or role, " +
          "not for the whole server. The size is projected from what was spilled.",
      },
      savedRatio: 0.5,
    }),
  ];
}

interface Spill {
  readonly what: string;
  readonly diskKb: number | null;
  /** Memory that would have held it; `null` when the plan does not tell. */
  readonly neededKb: number | null;
  readonly evidence: readonly Evidence[];
  readonly isMeasured: boolean;
}

function spillOf(node: PlanNode): Spill | null {
  return sortSpill(node) ?? aggregateSpill(node) ?? hashSpill(node) ?? storageSpill(node);
}

/** Tuples on disk are packed; in memory a sort needs about this many times as much. Source: the tuplesort README, and trials on 18. */
const SORT_MEMORY_FACTOR = 3;

function sortSpill(node: PlanNode): Spill | null {
  const own = node.sortSpaceType === "Disk" ? (node.sortSpaceKb ?? 0) : 0;
  const workers = node.workers.map(({ extra }) =>
    extra["Sort Space Type"] === "Disk" && typeof extra["Sort Space Used"] === "number"
      ? extra["Sort Space Used"]
      : 0,
  );
  const groups = ["Full-sort Groups", "Pre-sorted Groups"].map((name) =>
    peakDiskKb(node.extra[name]),
  );
  const largest = Math.max(own, ...workers, ...groups);
  if (largest === 0) return null;
  const diskKb = Math.max(own, ...groups) + workers.reduce((sum, kb) => sum + kb, 0);
  return {
    what: `sorted ${formatCount(diskKb)} kB on disk`,
    diskKb,
    neededKb: largest * SORT_MEMORY_FACTOR,
    evidence: [{ kind: "count", label: "sorted on disk", value: diskKb * 1024, unit: "bytes" }],
    isMeasured: true,
  };
}

/** `Sort Space Disk` of an incremental sort's groups. */
function peakDiskKb(groups: unknown): number {
  if (typeof groups !== "object" || groups === null || !("Sort Space Disk" in groups)) return 0;
  const disk = groups["Sort Space Disk"];
  if (typeof disk !== "object" || disk === null || !("Peak Sort Space Used" in disk)) return 0;
  const peak = disk["Peak Sort Space Used"];
  return typeof peak === "number" ? peak : 0;
}

function aggregateSpill(node: PlanNode): Spill | null {
  if (node.type !== "Aggregate") return null;
  const workers = node.workers.map(({ extra }) =>
    typeof extra["Disk Usage"] === "number" ? extra["Disk Usage"] : 0,
  );
  const diskKb = (node.diskUsageKb ?? 0) + workers.reduce((sum, kb) => sum + kb, 0);
  if (diskKb > 0) {
    return {
      what: `wrote ${formatCount(diskKb)} kB of groups to disk`,
      diskKb,
      neededKb: Math.max(node.diskUsageKb ?? 0, ...workers) + (node.peakMemoryKb ?? 0),
      evidence: [
        { kind: "count", label: "groups written to disk", value: diskKb * 1024, unit: "bytes" },
      ],
      isMeasured: true,
    };
  }
  const partitions = node.extra["Planned Partitions"];
  if (node.rows !== null || typeof partitions !== "number" || partitions === 0) return null;
  return {
    what: `${formatCount(partitions)} partitions of its groups`,
    diskKb: null,
    neededKb: null,
    evidence: [{ kind: "count", label: "planned partitions", value: partitions }],
    isMeasured: false,
  };
}

function hashSpill(node: PlanNode): Spill | null {
  const batches = node.hashBatches ?? 1;
  if (node.type !== "Hash" || batches <= 1) return null;
  const neededKb = (node.peakMemoryKb ?? 0) * batches;
  return {
    what: `was split into ${formatCount(batches)} batches, all but one through disk`,
    diskKb: neededKb - (node.peakMemoryKb ?? 0),
    neededKb,
    evidence: [{ kind: "count", label: "hash batches", value: batches }],
    isMeasured: true,
  };
}

/** CTE Scan, Materialize, WindowAgg and their like from 17 and 18 on. */
function storageSpill(node: PlanNode): Spill | null {
  const kilobytes = node.extra["Maximum Storage"];
  if (node.extra["Storage"] !== "Disk" || typeof kilobytes !== "number") return null;
  return {
    what: `kept ${formatCount(kilobytes)} kB of rows on disk`,
    diskKb: kilobytes,
    neededKb: kilobytes * SORT_MEMORY_FACTOR,
    evidence: [
      { kind: "count", label: "rows kept on disk", value: kilobytes * 1024, unit: "bytes" },
    ],
    isMeasured: true,
  };
}

function roundUpMb(kilobytes: number): number {
  return Math.max(8, 2 ** Math.ceil(Math.log2(kilobytes / 1024)));
}
