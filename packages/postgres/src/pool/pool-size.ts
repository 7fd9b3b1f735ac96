import { InvalidArgumentError } from "@upshift/foundation";

/** Connections that the server can give to this application, and the processes that share them. */
export interface ConnectionBudget {
  readonly connections: number;
  readonly instances: number;
}

/** Measured: throughput of point queries is best at 8 to 20 connections on 2 cores and falls beyond; `docs/patterns/connection-pool.md`. */
const CONNECTIONS_PER_CORE = 4;

/**
 * Connections that one process opens at most: `max`, else four per core, and never more than its share of the budget.
 *
 * @throws {InvalidArgumentError} for anything but whole numbers from 1, or a budget that leaves a process none
 */
export function poolSize(options: {
  readonly max?: number | undefined;
  readonly budget?: ConnectionBudget | undefined;
  readonly coreCount: number;
}): number {
  const { max = options.coreCount * CONNECTIONS_PER_CORE, budget } = options;
  assertCount(max, "max");
  if (budget === undefined) return max;
  assertCount(budget.connections, "budget.connections");
  assertCount(budget.instances, "budget.instances");
  const share = Math.floor(budget.connections / budget.instances);
  if (share < 1) {
    throw new InvalidArgumentError(
      "`budget` with at least one connection for each instance",
      `${budget.connections} connections for ${budget.instances} instances`,
    );
  }
  return Math.min(max, share);
}

function assertCount(count: number, name: string): void {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError(`\`${name}\` as a whole number from 1`, count);
}
