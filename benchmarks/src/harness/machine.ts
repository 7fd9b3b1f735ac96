import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";

/** Where the numbers come from. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Processes that wanted a core in the minute before the run, per core. */
  readonly loadBeforeRatio: number;
}

/** Above this, others want the cores: numbers are then an upper bound at best. */
const BUSY_RATIO = 0.5;

export function describeMachine(): Machine {
  const cores = availableParallelism();
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()}`,
    node: process.version,
    loadBeforeRatio: Math.round(((loadavg()[0] ?? 0) / cores) * 100) / 100,
  };
}

/** What to say about a machine that does something else at the same time; `undefined` when it is calm. */
export function loadWarning({ loadBeforeRatio, cores }: Machine): string | undefined {
  if (loadBeforeRatio <= BUSY_RATIO) return undefined;
  const load = (loadBeforeRatio * cores).toFixed(1);
  return `the machine is busy (load ${load} on ${cores} cores): trust ratios, not times`;
}
