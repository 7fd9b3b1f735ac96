import { type Duration, systemClock, type TimerClock, toMs } from "@upshift/foundation";
import { type ClientName, loadDriver } from "../clients/load-client.ts";
import type { Redis } from "../redis.ts";
import type { ConnectSettings } from "./connect-settings.ts";
import { parseRedisUrl } from "./redis-url.ts";
import { RoutedRedis } from "./routed-redis.ts";
import { SingleRoute } from "./single-route.ts";

export interface ConnectRedisOptions {
  /** The library that speaks to Redis. Default: whichever is installed, node-redis (`redis`) where both are. */
  readonly client?: ClientName;
  /** For a command that says nothing else. Default 500 ms. */
  readonly timeout?: Duration;
  /** For opening a connection until it serves. Default 3 s. */
  readonly connectTimeout?: Duration;
  /** Default: the system's. Of timeouts and retries. */
  readonly clock?: TimerClock;
}

/**
 * Connects in the background: commands wait for the connection, each at most for its timeout.
 *
 * @param target - `redis://user:password@host:port/db`
 */
export function connectRedis(target: string, options: ConnectRedisOptions = {}): Redis {
  const timeoutMs = toMs(options.timeout ?? 500, "timeout");
  const connectTimeoutMs = toMs(options.connectTimeout ?? 3_000, "connectTimeout");
  const settings: ConnectSettings = {
    endpoint: { ...parseRedisUrl(target), connectTimeoutMs },
    clock: options.clock ?? systemClock,
    random: Math.random,
    timeoutMs,
    connectTimeoutMs,
    backoff: { minDelayMs: 50, maxDelayMs: 2_000 },
    heartbeatMs: 5_000,
    maxWaitingCount: 1_000,
    maxWaitMs: timeoutMs,
  };
  const driver = loadDriver(options.client);
  const dedicated = (): RoutedRedis =>
    new RoutedRedis(
      new SingleRoute(driver, settings),
      { ...settings, timeoutMs: Number.POSITIVE_INFINITY },
      dedicated,
    );
  return new RoutedRedis(new SingleRoute(driver, settings), settings, dedicated);
}
