import type { Duration } from "@upshift/foundation";
import type { QueryResult } from "../connection/queryable.ts";
import type { Abortable } from "../connection/with-connection.ts";
import type { PgClient, PgPool } from "./pg-driver.ts";
import type { PoolHealth } from "./pool-health.ts";
import type { ReadRoute } from "./read-route.ts";
import type { ReplicaStatus } from "./replica-state.ts";
import type { QueryConfig } from "./run-once.ts";
import type { ServerGauges } from "./server-pool.ts";

export interface HealthOptions extends Abortable {
  /** How long to wait for each server. Default `'1s'`. */
  readonly timeout?: Duration;
}

export interface CloseOptions {
  /** How long those that have a connection, or wait for one, may go on. Default `'10s'`. */
  readonly timeout?: Duration;
}

export interface ReplicaGauges extends ServerGauges {
  readonly status: ReplicaStatus;
  /** `null` where it is not known. */
  readonly lagMs: number | null;
  readonly lagBytes: number | null;
}

export interface PoolGauges extends ServerGauges {
  readonly replicas: readonly ReplicaGauges[];
}

/** Connections to a primary and its replicas. Every function of this package takes it, and `primary` is what others take. */
export interface Pool<Primary = PgPool> {
  /** The `pg.Pool` below, with everything that was set up: for Kysely, Drizzle, Prisma's adapter and whatever else wants one. */
  readonly primary: Primary;
  /** Runs reads on replicas; see `maxLag`. Without replicas on the primary. */
  readonly read: ReadRoute;

  /**
   * Runs one statement on the primary.
   *
   * @throws {PoolTimeoutError} when no connection became free in time
   * @throws {ConnectTimeoutError} when the server did not complete a new connection in time
   * @throws {PoolClosedError} after `close`
   * @throws `options.signal.reason` when aborted; the statement is cancelled on the server
   */
  // Rows have whatever shape the statement gives.
  // oxlint-disable-next-line typescript/no-explicit-any
  query<R = any>(text: string, values?: unknown[], options?: Abortable): Promise<QueryResult<R>>;
  // oxlint-disable-next-line typescript/no-explicit-any
  query<R = any>(config: QueryConfig): Promise<QueryResult<R>>;
  /** A connection to the primary, to be released. Throws as `query` does. */
  connect(options?: Abortable): Promise<PgClient>;
  /** As `read`, with another limit for how far a replica may be behind. */
  replica(options?: { readonly maxLag?: Duration }): ReadRoute;
  /**
   * Where the primary's log ends now, as text that is safe in a cookie: everything committed before this call lies before it. For
   * `read.after`. It says how much has been written to the server since it was made, and nothing else.
   */
  position(options?: Abortable): Promise<string>;
  /** Asks every server. Rejects only when aborted. */
  health(options?: HealthOptions): Promise<PoolHealth>;
  gauges(): PoolGauges;
  /**
   * Takes no more callers, waits for those that are there, then cancels their statements and closes their connections. Calls after
   * the first one join it.
   */
  close(options?: CloseOptions): Promise<void>;
  /** `close()`, by the name that pg gives it. */
  end(): Promise<void>;

  /** False behind a pooler that loses named prepared statements. */
  readonly preparedStatements: boolean;
  /** Of the primary, as pg names them. */
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  /** What of its options others look at. */
  readonly options: { readonly max: number };
}
