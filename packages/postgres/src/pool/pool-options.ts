import { availableParallelism } from "node:os";
import {
  type Duration,
  InvalidArgumentError,
  systemClock,
  type TimerClock,
  toMs,
} from "@upshift/foundation";
import type { PgDriver, ServerConfig } from "./pg-driver.ts";
import { type ConnectionBudget, poolSize } from "./pool-size.ts";
import type { SessionOptions, SessionTimeout } from "./session-setup.ts";

/** A connection string, or what `pg` takes: `{ host, user, … }`. Without any, pg reads `PGHOST` and its companions. */
export type ServerAddress = string | ServerConfig;

export interface PoolOptions<Driver extends PgDriver = PgDriver> {
  /** Where writes go, and reads that no replica may answer. */
  readonly primary?: ServerAddress | undefined;
  /** Streaming replicas of the primary, each by an address of its own: behind a balancer nobody knows which one has answered. */
  readonly replicas?: readonly ServerAddress[];
  /** The module `pg`, for its types and for installations where `pg` cannot be found from here. Default: the one that is installed. */
  readonly driver?: Driver;

  /** Connections to each server at most. Default: four for each core of this machine. */
  readonly max?: number;
  /** What a server can give to the whole application: this process takes at most `connections / instances`. */
  readonly budget?: ConnectionBudget;
  /** How long a caller waits for a connection, free or new. Default `'2s'`. */
  readonly connectionTimeout?: Duration;
  /** How long a connection may be unused before it is closed; 0 keeps it. Default `'30s'`. */
  readonly idleTimeout?: Duration;
  /** A connection is closed between three quarters of this age and this age, at random for each; 0 keeps it. Default `'30m'`. */
  readonly maxLifetime?: Duration;

  /** The server cancels a statement after this long; 0 for no limit. Default `'30s'`, unless role or database have a limit of their own. */
  readonly statementTimeout?: Duration;
  /** The server gives a statement up that waits this long for a lock; 0 for no limit. Default `'10s'`, unless role or database have one. */
  readonly lockTimeout?: Duration;
  /** The server ends a session that does nothing inside a transaction for this long; 0 for no limit. Default `'30s'`, unless role or database have one. */
  readonly idleInTransactionTimeout?: Duration;
  /**
   * How long a busy connection may be silent before the server is asked, on another connection, whether it still works on the statement. One
   * that does not answer, or knows nothing of it, loses the connection. 0 never asks. Default `'10s'`.
   */
  readonly hangTimeout?: Duration;

  /**
   * What stands between us and the server. `transaction`: a pooler that shares sessions, PgBouncer in transaction mode. `none`: nothing, or one that
   * gives each client a session. Default `auto`: each new connection finds out.
   */
  readonly pooler?: "auto" | "none" | "transaction";
  /** Named prepared statements. Default `auto`: on, except behind a pooler that loses them. */
  readonly preparedStatements?: boolean | "auto";

  /** How far a replica may be behind and still be read. Default `'10s'`. */
  readonly maxLag?: Duration;
  /** How often replicas are looked at. Default `'1s'`. */
  readonly healthInterval?: Duration;

  /** Told of failures that no caller sees: a connection that ended while it was idle, a replica that went away. It must not throw. */
  readonly onError?: (error: Error, context: { readonly server: string }) => void;
  readonly clock?: TimerClock;
  /** From 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** The options with every default in its place, for one server or for all. */
export interface PoolSettings {
  readonly max: number;
  readonly connectionTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxLifetimeMs: number;
  readonly hangTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly session: SessionOptions;
  readonly maxLagMs: number;
  readonly healthIntervalMs: number;
  readonly onError: (error: Error, server: string) => void;
  readonly clock: TimerClock;
  readonly random: () => number;
}

/** pg-pool measures lifetimes with Node's timers, which end here. */
const LONGEST_LIFETIME_MS = 2 ** 31 - 1;

/** @throws {InvalidArgumentError} */
export function resolvePoolOptions(options: PoolOptions): PoolSettings {
  const statementTimeout = timeout("statement_timeout", options.statementTimeout, "30s");
  const settings: PoolSettings = {
    max: poolSize({
      max: options.max,
      budget: options.budget,
      coreCount: availableParallelism(),
    }),
    connectionTimeoutMs: positive(options.connectionTimeout ?? "2s", "connectionTimeout"),
    idleTimeoutMs: toMs(options.idleTimeout ?? "30s", "idleTimeout"),
    maxLifetimeMs: toMs(options.maxLifetime ?? "30m", "maxLifetime"),
    hangTimeoutMs: toMs(options.hangTimeout ?? "10s", "hangTimeout"),
    statementTimeoutMs: statementTimeout.timeoutMs,
    session: {
      pooler: options.pooler ?? "auto",
      preparedStatements: options.preparedStatements ?? "auto",
      timeouts: [
        statementTimeout,
        timeout("lock_timeout", options.lockTimeout, "10s"),
        timeout("idle_in_transaction_session_timeout", options.idleInTransactionTimeout, "30s"),
      ].filter(({ timeoutMs, isDefault }) => timeoutMs > 0 || !isDefault),
    },
    maxLagMs: toMs(options.maxLag ?? "10s", "maxLag"),
    healthIntervalMs: positive(options.healthInterval ?? "1s", "healthInterval"),
    onError: (error, server) => tell(options.onError, error, server),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
  if (settings.maxLifetimeMs > LONGEST_LIFETIME_MS)
    throw new InvalidArgumentError("`maxLifetime` up to 24 days, 0 for none", options.maxLifetime);
  return settings;
}

function timeout(
  setting: SessionTimeout["setting"],
  given: Duration | undefined,
  fallback: Duration,
): SessionTimeout {
  const timeoutMs = Math.ceil(toMs(given ?? fallback, OPTION_OF[setting]));
  return { setting, timeoutMs, isDefault: given === undefined };
}

const OPTION_OF: Readonly<Record<SessionTimeout["setting"], string>> = {
  statement_timeout: "statementTimeout",
  lock_timeout: "lockTimeout",
  idle_in_transaction_session_timeout: "idleInTransactionTimeout",
};

function positive(duration: Duration, name: string): number {
  const durationMs = toMs(duration, name);
  if (durationMs === 0) throw new InvalidArgumentError(`\`${name}\` above 0`, duration);
  return durationMs;
}

/** Runs inside of event handlers, where a throw would end the process. */
function tell(onError: PoolOptions["onError"], error: Error, server: string): void {
  try {
    onError?.(error, { server });
  } catch {
    // The hook's own failure has nowhere to go.
  }
}
