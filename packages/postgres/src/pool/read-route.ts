import { type Duration, hasErrorCode, toMs } from "@upshift/foundation";
import { catalogOf, shareCatalog } from "../catalog/catalog.ts";
import type { QueryResult } from "../connection/queryable.ts";
import type { Abortable } from "../connection/with-connection.ts";
import type { PgClient } from "./pg-driver.ts";
import type { PoolSettings } from "./pool-options.ts";
import type { ReplicaSet } from "./replica-set.ts";
import type { ReplicaDemand } from "./replica-state.ts";
import { type QueryConfig, givenQuery, runOnce } from "./run-once.ts";
import type { ServerPool } from "./server-pool.ts";
import { parsePosition } from "./wal-position.ts";

export interface AfterOptions extends Abortable {
  /** How long a replica may take to get there before the primary answers instead. Default `'200ms'`. */
  readonly timeout?: Duration;
}

/**
 * Runs statements on replicas, and on the primary while none may be read. Each statement, and each `connect()`, chooses anew. Meant for reads:
 * a replica refuses to write, and the primary would not.
 */
export interface ReadRoute {
  // Rows have whatever shape the statement gives.
  // oxlint-disable-next-line typescript/no-explicit-any
  query<R = any>(text: string, values?: unknown[], options?: Abortable): Promise<QueryResult<R>>;
  // oxlint-disable-next-line typescript/no-explicit-any
  query<R = any>(config: QueryConfig): Promise<QueryResult<R>>;
  /** A connection to a server that may be read now, to be released. */
  connect(options?: Abortable): Promise<PgClient>;
  /**
   * A route that never shows anything older than this position of `db.position()`. It waits for a replica to get there, and goes to the primary
   * when none does in time. `undefined`, as from a client without a cookie, asks for nothing.
   *
   * @throws {InvalidPositionError}
   */
  after(position: string | undefined, options?: AfterOptions): Promise<ReadRoute>;
  readonly preparedStatements: boolean;
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

export interface ReadRouteOptions {
  readonly primary: ServerPool;
  readonly set: ReplicaSet;
  readonly settings: PoolSettings;
  readonly demand: ReplicaDemand;
}

const DEFAULT_WAIT = "200ms";

export function createReadRoute(options: ReadRouteOptions): ReadRoute {
  const { primary, set, settings, demand } = options;
  const servers = [primary, ...set.replicas.map(({ server }) => server)];

  const connect = async ({ signal }: Abortable = {}): Promise<PgClient> => {
    await set.ready(signal);
    for (;;) {
      const replica = set.choose(demand);
      if (replica === undefined) return primary.acquire(signal);
      try {
        return await replica.server.acquire(signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (!isUnreachable(error)) throw error;
        // Nothing was run yet, so the next one may be tried; this one is not chosen again before it has answered.
        replica.state.failed();
      }
    }
  };
  const sumOf = (count: "totalCount" | "idleCount" | "waitingCount"): number =>
    servers.reduce((sum, { pg }) => sum + pg[count], 0);

  const route: ReadRoute = {
    connect,
    query: (query: string | QueryConfig, values?: unknown[], { signal }: Abortable = {}) =>
      runOnce({ connect }, givenQuery(query, values), {
        signal,
        clock: settings.clock,
        limitMs: servers.some(({ session }) => session.isPooled) ? settings.statementTimeoutMs : 0,
      }),
    async after(position, { timeout = DEFAULT_WAIT, signal } = {}) {
      if (position === undefined) return route;
      const atLeastLsn = parsePosition(position);
      const stricter = { ...demand, atLeastLsn };
      const timeoutMs = toMs(timeout, "timeout");
      await set.ready(signal);
      await set.lookFor(stricter, timeoutMs, signal);
      const later = createReadRoute({ ...options, demand: stricter });
      shareCatalog(later, catalogOf(route));
      return later;
    },
    get preparedStatements() {
      return primary.session.preparedStatements;
    },
    get totalCount() {
      return sumOf("totalCount");
    },
    get idleCount() {
      return sumOf("idleCount");
    },
    get waitingCount() {
      return sumOf("waitingCount");
    },
  };
  return route;
}

/** Its connections being all in use is no reason to burden another server with its callers. */
function isUnreachable(error: unknown): boolean {
  return (
    !hasErrorCode(error, "UPSHIFT_POOL_TIMEOUT") && !hasErrorCode(error, "UPSHIFT_POOL_CLOSED")
  );
}
