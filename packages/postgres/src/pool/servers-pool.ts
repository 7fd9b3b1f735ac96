import { inspect } from "node:util";
import { toMs } from "@upshift/foundation";
import { catalogOf, shareCatalog } from "../catalog/catalog.ts";
import type { QueryResult } from "../connection/queryable.ts";
import type { Abortable } from "../connection/with-connection.ts";
import { readPrimaryLsn } from "./look-at-server.ts";
import type { PgClient, PgPool } from "./pg-driver.ts";
import type { CloseOptions, HealthOptions, Pool, PoolGauges } from "./pool.ts";
import { type PoolHealth, replicaHealth, serverHealth } from "./pool-health.ts";
import type { PoolSettings } from "./pool-options.ts";
import { createReadRoute, type ReadRoute } from "./read-route.ts";
import type { ReplicaSet } from "./replica-set.ts";
import { type ClientSource, type QueryConfig, givenQuery, runOnce } from "./run-once.ts";
import type { ServerPool } from "./server-pool.ts";
import { formatPosition } from "./wal-position.ts";

const DEFAULT_HEALTH_TIMEOUT = "1s";
const DEFAULT_CLOSE_TIMEOUT = "10s";

/** The pool of `createPool`. Its parts are private, so that nothing that prints it prints an address or a password. */
export class ServersPool implements Pool {
  readonly #primary: ServerPool;
  readonly #set: ReplicaSet;
  readonly #settings: PoolSettings;
  readonly #source: ClientSource;
  readonly #read: ReadRoute;

  constructor(primary: ServerPool, set: ReplicaSet, settings: PoolSettings) {
    this.#primary = primary;
    this.#set = set;
    this.#settings = settings;
    this.#source = { connect: ({ signal } = {}) => primary.acquire(signal) };
    this.#read = this.#route(settings.maxLagMs);
    Object.defineProperty(this, inspect.custom, {
      value: () => `Pool ${inspect(this.gauges(), { depth: 3 })}`,
    });
  }

  get primary(): PgPool {
    return this.#primary.pg;
  }

  get read(): ReadRoute {
    return this.#read;
  }

  // oxlint-disable-next-line typescript/no-explicit-any
  query<R = any>(
    query: string | QueryConfig,
    values?: unknown[],
    { signal }: Abortable = {},
  ): Promise<QueryResult<R>> {
    const { clock, statementTimeoutMs } = this.#settings;
    const limitMs = this.#primary.session.isPooled ? statementTimeoutMs : 0;
    return runOnce(this.#source, givenQuery(query, values), { signal, clock, limitMs });
  }

  connect(options?: Abortable): Promise<PgClient> {
    return this.#source.connect(options);
  }

  replica({ maxLag = this.#settings.maxLagMs }: Parameters<Pool["replica"]>[0] = {}): ReadRoute {
    return this.#route(toMs(maxLag, "maxLag"));
  }

  async position({ signal }: Abortable = {}): Promise<string> {
    return formatPosition(await readPrimaryLsn(this.#primary, this.#settings, signal));
  }

  async health({
    signal,
    timeout = DEFAULT_HEALTH_TIMEOUT,
  }: HealthOptions = {}): Promise<PoolHealth> {
    const settings = this.#settings;
    const asking = { settings, signal, timeoutMs: toMs(timeout, "timeout") };
    const [primary, ...replicas] = await Promise.all([
      serverHealth(this.#primary, asking),
      ...this.#set.replicas.map(async (replica) =>
        replicaHealth(await serverHealth(replica.server, asking), replica, settings),
      ),
    ]);
    return { isHealthy: primary.status === "up", primary, replicas };
  }

  gauges(): PoolGauges {
    const replicas = this.#set.replicas.map(({ server, state }) => ({
      ...server.gauges(),
      status: state.status,
      lagMs: state.lag?.lagMs ?? null,
      lagBytes: state.lag?.lagBytes ?? null,
    }));
    return { ...this.#primary.gauges(), replicas };
  }

  async close({ timeout = DEFAULT_CLOSE_TIMEOUT }: CloseOptions = {}): Promise<void> {
    const timeoutMs = toMs(timeout, "timeout");
    this.#set.close();
    const servers = [this.#primary, ...this.#set.replicas.map(({ server }) => server)];
    await Promise.all(servers.map((server) => server.close(timeoutMs)));
  }

  end(): Promise<void> {
    return this.close();
  }

  get preparedStatements(): boolean {
    return this.#primary.session.preparedStatements;
  }

  get totalCount(): number {
    return this.#primary.pg.totalCount;
  }

  get idleCount(): number {
    return this.#primary.pg.idleCount;
  }

  get waitingCount(): number {
    return this.#primary.pg.waitingCount;
  }

  get options(): { readonly max: number } {
    return { max: this.#settings.max };
  }

  toJSON(): PoolGauges {
    return this.gauges();
  }

  #route(maxLagMs: number): ReadRoute {
    const route = createReadRoute({
      primary: this.#primary,
      set: this.#set,
      settings: this.#settings,
      demand: { maxLagMs },
    });
    shareCatalog(route, catalogOf(this));
    return route;
  }
}
