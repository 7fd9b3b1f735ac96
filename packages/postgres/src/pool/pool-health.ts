import { hasErrorCode } from "@upshift/foundation";
import { sqlState } from "../connection/sql-state.ts";
import { holdClient } from "../connection/with-connection.ts";
import { startDeadline } from "./deadline.ts";
import type { PoolSettings } from "./pool-options.ts";
import type { Replica } from "./replica-set.ts";
import type { ReplicaStatus } from "./replica-state.ts";
import type { ServerPool } from "./server-pool.ts";

/** How one server answers. */
export interface ServerHealth {
  readonly name: string;
  /** `busy`: all connections are in use; the server itself may be well. `down`: it did not answer, or refused. */
  readonly status: "up" | "busy" | "down";
  /** From the question to the answer, the wait for a connection included; `null` without an answer. */
  readonly latencyMs: number | null;
  /** Code of the failure: SQLSTATE, errno or one of ours. */
  readonly errorCode: string | null;
}

export interface ReplicaHealth extends ServerHealth {
  /** As routing sees it. */
  readonly replicaStatus: ReplicaStatus;
  /** Whether reads go to it now. */
  readonly isRead: boolean;
  /** `null` where it is not known. */
  readonly lagMs: number | null;
  readonly lagBytes: number | null;
}

export interface PoolHealth {
  /** The primary is up. Lost replicas make reads slower, not wrong. */
  readonly isHealthy: boolean;
  readonly primary: ServerHealth;
  readonly replicas: readonly ReplicaHealth[];
}

export interface AskHealthOptions {
  readonly settings: PoolSettings;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws `signal.reason` when aborted; never because a server is down */
export async function serverHealth(
  server: ServerPool,
  { settings, timeoutMs, signal }: AskHealthOptions,
): Promise<ServerHealth> {
  const { clock } = settings;
  const deadline = startDeadline({
    signal,
    timeoutMs,
    clock,
    reason: () => new Error(`no answer within ${timeoutMs} ms`),
  });
  const askedAtMs = clock.now();
  try {
    await holdClient(
      server.pg,
      (connection) => connection.run({ text: "SELECT 1", values: [] }),
      deadline.signal,
    );
    const latencyMs = clock.now() - askedAtMs;
    return { name: server.name, status: "up", latencyMs, errorCode: null };
  } catch (error) {
    signal?.throwIfAborted();
    const { busyCount, max } = server.gauges();
    const isBusy =
      hasErrorCode(error, "UPSHIFT_POOL_TIMEOUT") || (deadline.signal.aborted && busyCount === max);
    const errorCode = codeOf(error);
    return { name: server.name, status: isBusy ? "busy" : "down", latencyMs: null, errorCode };
  } finally {
    deadline.end();
  }
}

export function replicaHealth(
  health: ServerHealth,
  { state }: Replica,
  { maxLagMs }: PoolSettings,
): ReplicaHealth {
  return {
    ...health,
    replicaStatus: state.status,
    isRead: state.isUsable({ maxLagMs }),
    lagMs: state.lag?.lagMs ?? null,
    lagBytes: state.lag?.lagBytes ?? null,
  };
}

function codeOf(error: unknown): string | null {
  const state = sqlState(error);
  if (state !== undefined) return state;
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : null;
}
