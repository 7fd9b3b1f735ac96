import { socketOf } from "../connection/socket.ts";
import { checkOut } from "../connection/with-connection.ts";
import { type AcquireStatistics, createAcquireCounter } from "./acquire-statistics.ts";
import { askServer } from "./ask-server.ts";
import { keepLedger } from "./client-ledger.ts";
import { drainPool } from "./drain-pool.ts";
import { type CallerLine, createGuardedPool } from "./guarded-pool.ts";
import { type HangWatch, watchForHangs } from "./hang-watch.ts";
import { jitterLifetimes } from "./lifetime.ts";
import type { PgClient, PgDriver, PgPool, ServerConfig } from "./pg-driver.ts";
import { ConnectTimeoutError, PoolClosedError } from "./pool-errors.ts";
import type { PoolSettings } from "./pool-options.ts";
import { hideConnectionString } from "./server-name.ts";
import { createSessionSetup, type SessionSetup } from "./session-setup.ts";

/** Before the first probe of a connection without traffic; Linux then probes each 75 s. */
const KEEP_ALIVE_AFTER_MS = 10_000;

/** What is true of a pool at this moment, and what has happened since it was made. */
export interface ServerGauges {
  readonly name: string;
  readonly max: number;
  /** Open connections, and those being opened. */
  readonly totalCount: number;
  readonly idleCount: number;
  /** Handed out. */
  readonly busyCount: number;
  /** Callers in line. */
  readonly waitingCount: number;
  /** Since when the longest of the busy ones is held. */
  readonly longestHeldMs: number;
  readonly acquire: AcquireStatistics;
  /** Failures of connections themselves: ended by the server, lost, hung. Not those of statements. */
  readonly errorCount: number;
}

/** The connections to one server. */
export interface ServerPool {
  readonly name: string;
  readonly pg: PgPool;
  readonly session: SessionSetup;
  /** @throws `signal.reason` when aborted; a connection that comes later goes back */
  acquire(signal?: AbortSignal): Promise<PgClient>;
  gauges(): ServerGauges;
  /** Callers that have a connection or wait for one, as a share of the connections there may be. Above 1 there is a line. */
  loadRatio(): number;
  /** Takes no more callers. Those in line and those that hold a connection have `timeoutMs` to finish; then connections are cancelled and closed. */
  close(timeoutMs: number): Promise<void>;
}

export interface ServerPoolOptions {
  readonly driver: PgDriver;
  readonly config: ServerConfig;
  readonly name: string;
  readonly settings: PoolSettings;
  /** Told, besides `settings.onError`, when a connection was lost. */
  readonly onLost?: () => void;
}

type Done = (error?: Error) => void;

export function openServerPool(options: ServerPoolOptions): ServerPool {
  const { driver, config, name, settings } = options;
  const { clock, connectionTimeoutMs, max } = settings;
  const session = createSessionSetup(settings.session);
  const counter = createAcquireCounter();
  const line: CallerLine = { count: 0, giveUps: new Set() };
  let closing: Promise<void> | undefined;

  /** @returns why the connection cannot be used */
  const setUp = async (client: PgClient): Promise<Error | undefined> => {
    // pg-pool's own timer ends when the connection stands; a server that hangs now would hold the caller for ever.
    const cancel = clock.after(connectionTimeoutMs, () => {
      const error = new ConnectTimeoutError(name, connectionTimeoutMs);
      ledger.expect(error);
      socketOf(client)?.destroy(error);
    });
    try {
      await session.apply(client);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      cancel();
    }
  };
  const verify = async (client: PgClient, done: Done): Promise<void> => done(await setUp(client));

  const pool = createGuardedPool(
    driver,
    {
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      ...config,
      max,
      connectionTimeoutMillis: connectionTimeoutMs,
      idleTimeoutMillis: settings.idleTimeoutMs,
      verify: (client: PgClient, done: Done) => void verify(client, done),
    },
    {
      server: name,
      connectionTimeoutMs,
      isClosing: () => closing !== undefined,
      load: () => ({
        max,
        busyCount: ledger.busyCount,
        connectingCount: Math.max(0, pool.totalCount - ledger.openCount),
        waitingCount: pool.waitingCount,
        longestHeldMs: ledger.longestHeldMs(),
      }),
      now: () => clock.now(),
      acquired: counter.acquired,
      timedOut: counter.timedOut,
      line,
    },
  );
  hideConnectionString(pool.options);
  jitterLifetimes(pool.options, settings.maxLifetimeMs, settings.random);
  const ledger = keepLedger(pool, {
    clock,
    watch: settings.hangTimeoutMs === 0 ? undefined : watchServer(options, session),
    onError(error) {
      options.onLost?.();
      settings.onError(error, name);
    },
  });

  return {
    name,
    pg: pool,
    session,
    acquire: (signal) => checkOut(pool, signal),
    loadRatio: () => (ledger.busyCount + line.count) / max,
    gauges: () => ({
      name,
      max,
      totalCount: pool.totalCount,
      idleCount: pool.idleCount,
      busyCount: ledger.busyCount,
      waitingCount: pool.waitingCount,
      longestHeldMs: ledger.longestHeldMs(),
      acquire: counter.read(),
      errorCount: ledger.errorCount,
    }),
    close(timeoutMs) {
      const reason = new PoolClosedError(name);
      return (closing ??= drainPool({ pool, ledger, line, clock, timeoutMs, reason }));
    },
  };
}

function watchServer(
  { driver, config, name, settings }: ServerPoolOptions,
  session: SessionSetup,
): HangWatch {
  return watchForHangs({
    server: name,
    hangTimeoutMs: settings.hangTimeoutMs,
    clock: settings.clock,
    ask: (processIds) =>
      askServer({
        driver,
        config,
        processIds: session.isPooled ? undefined : processIds,
        timeoutMs: settings.connectionTimeoutMs,
      }),
    // The statement fails with it, and whoever holds the connection releases it as after any failure.
    onHung: (client, error) => void socketOf(client)?.destroy(error),
  });
}
