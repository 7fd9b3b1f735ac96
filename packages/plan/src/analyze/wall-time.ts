import type { Plan, PlanNode } from "../plan.ts";

export interface WallTime {
  /** Wall milliseconds over all loops, children included; 0 for what never ran or was not timed. */
  readonly totalMs: number;
  readonly participants: number;
  readonly isEstimated: boolean;
}

/**
 * Wall time of each node.
 *
 * Times in a plan are averages per loop, and loops add up over the leader and its workers: below a Gather, time times loops is
 * work in process-milliseconds. Where VERBOSE gives each worker's times, the longest process counts; the leader's is what
 * the workers do not explain. Else the work is divided by the processes that took part, which cannot be more than the loops.
 */
export function wallTimes(plan: Plan): readonly WallTime[] {
  const processes: number[] = [];
  return plan.nodes.map((node) => {
    const parent = node.parentId === null ? undefined : plan.nodes[node.parentId];
    const inherited = node.parentId === null ? 1 : (processes[node.parentId] ?? 1);
    const available = processesOf(node, parent, inherited);
    processes.push(available);
    return wallTime(node, available);
  });
}

/** Processes that may run a node: those of its parent, more below a Gather; InitPlans and CTEs run in the leader alone. */
function processesOf(node: PlanNode, parent: PlanNode | undefined, inherited: number): number {
  if (parent === undefined || node.parentRelationship === "InitPlan") return 1;
  const isGathered = parent.type === "Gather" || parent.type === "Gather Merge";
  if (!isGathered || node.parentRelationship === "SubPlan") return inherited;
  if (parent.extra["Single Copy"] === true) return 1;
  const launched = parent.workersLaunched ?? 0;
  // With parallel_leader_participation off, the loops show that the leader stood aside.
  const seen = (node.loops ?? 0) / Math.max(1, parent.loops ?? 1);
  return Math.max(1, Math.min(launched + 1, Math.round(seen)));
}

function wallTime(node: PlanNode, processes: number): WallTime {
  const loops = node.loops ?? 0;
  const workMs = (node.totalMs ?? 0) * loops;
  const participants = Math.max(1, Math.min(processes, loops));
  if (participants === 1) return { totalMs: workMs, participants, isEstimated: false };
  const workerMs = node.workers
    .filter((worker) => worker.totalMs !== null)
    .map((worker) => (worker.totalMs ?? 0) * (worker.loops ?? 1));
  // Without the times of each worker, what the leader did cannot be told either.
  if (workerMs.length + 1 < participants) {
    return { totalMs: workMs / participants, participants, isEstimated: true };
  }
  const leaderMs = workMs - workerMs.reduce((sum, ms) => sum + ms, 0);
  return { totalMs: Math.max(leaderMs, ...workerMs), participants, isEstimated: false };
}
