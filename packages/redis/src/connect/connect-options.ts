import type { ConnectionOptions as TlsOptions } from "node:tls";
import {
  assertTimerClock,
  type Duration,
  InvalidArgumentError,
  kindOf,
  refuseUnknown,
  systemClock,
  type TimerClock,
  toMs,
} from "@upshift/foundation";
import type { ClientName } from "../clients/load-client.ts";
import type { ConnectSettings } from "./connect-settings.ts";
import type { RedisAddress } from "./redis-url.ts";

export interface ConnectRedisOptions {
  /** The library that speaks to Redis. Default: whichever is installed, node-redis (`redis`) where both are. A client that was given says itself what it is. */
  readonly client?: ClientName;
  /** For a command that says nothing else, with the wait for a connection. Default is `'500ms'`. */
  readonly timeout?: Duration;
  /** For opening a connection, until the server has said that it serves. Default is `'3s'`. */
  readonly connectTimeout?: Duration;
  /** Commands that may wait while there is no connection (default 1000), and how long each may (default: its timeout). `maxCommands: 0` fails them at once. */
  readonly offlineQueue?: { readonly maxCommands?: number; readonly maxWait?: Duration };
  /** Between attempts to connect: from 0 to a delay that doubles from `minDelay` (default 50 ms) up to `maxDelay` (default 2 s). */
  readonly reconnect?: { readonly minDelay?: Duration; readonly maxDelay?: Duration };
  /** How often a subscriber's connection is asked whether it lives. Default is `'5s'`. */
  readonly heartbeat?: Duration;
  /** Over those of the URL. */
  readonly username?: string;
  readonly password?: string;
  /** Number of the database, 0 in a cluster. */
  readonly database?: number;
  /** `true`, or what `tls.connect` takes: `{ ca, servername, … }`. A `rediss:` URL needs nothing here. */
  readonly tls?: boolean | TlsOptions;
  /** As CLIENT LIST shows the connections. */
  readonly name?: string;
  /** Of timeouts and retries. Default: the system's. */
  readonly clock?: TimerClock;
}

const DEFAULT_TIMEOUT = 500;
const DEFAULT_CONNECT_TIMEOUT = 3_000;
const DEFAULT_HEARTBEAT = 5_000;
const DEFAULT_MIN_DELAY = 50;
const DEFAULT_MAX_DELAY = 2_000;
const DEFAULT_MAX_WAITING_COUNT = 1_000;

const NAMES: ReadonlySet<keyof ConnectRedisOptions> = new Set([
  "client",
  "timeout",
  "connectTimeout",
  "offlineQueue",
  "reconnect",
  "heartbeat",
  "username",
  "password",
  "database",
  "tls",
  "name",
  "clock",
]);
const QUEUE_NAMES = new Set(["maxCommands", "maxWait"]);
const RECONNECT_NAMES = new Set(["minDelay", "maxDelay"]);
const CLIENTS: ReadonlySet<unknown> = new Set(["ioredis", "node-redis"]);

/** What compilers see, for programs without one. @throws {InvalidArgumentError} which shows no credentials */
export function assertConnectOptions(options: ConnectRedisOptions): void {
  refuseUnknown("connectRedis", options, NAMES);
  const { client, clock, offlineQueue, reconnect, tls } = options;
  if (offlineQueue !== undefined) refuseUnknown("offlineQueue", offlineQueue, QUEUE_NAMES);
  if (reconnect !== undefined) refuseUnknown("reconnect", reconnect, RECONNECT_NAMES);
  if (client !== undefined && !CLIENTS.has(client))
    throw new InvalidArgumentError('`client` as "ioredis" or "node-redis"', client);
  for (const name of ["username", "password", "name"] as const) {
    const given: unknown = options[name];
    if (given !== undefined && typeof given !== "string")
      throw new InvalidArgumentError(`\`${name}\` as text`, kindOf(given));
  }
  if (tls !== undefined && typeof tls !== "boolean" && kindOf(tls) !== "an object")
    throw new InvalidArgumentError("`tls` as `true` or options of `tls.connect`", kindOf(tls));
  if (clock !== undefined) assertTimerClock(clock);
}

/** @throws {InvalidArgumentError} */
export function toSettings(address: RedisAddress, options: ConnectRedisOptions): ConnectSettings {
  const { offlineQueue = {}, reconnect = {}, tls, username, password, name } = options;
  const timeoutMs = positive(options.timeout ?? DEFAULT_TIMEOUT, "timeout");
  const connectTimeoutMs = positive(
    options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT,
    "connectTimeout",
  );
  const minDelayMs = positive(reconnect.minDelay ?? DEFAULT_MIN_DELAY, "reconnect.minDelay");
  const maxDelayMs = positive(reconnect.maxDelay ?? DEFAULT_MAX_DELAY, "reconnect.maxDelay");
  if (maxDelayMs < minDelayMs)
    throw new InvalidArgumentError("`reconnect.maxDelay` >= `reconnect.minDelay`", maxDelayMs);
  return {
    endpoint: {
      ...address,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(name === undefined ? {} : { name }),
      ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
      database: count(options.database ?? address.database, "database"),
      connectTimeoutMs,
    },
    clock: options.clock ?? systemClock,
    random: Math.random,
    timeoutMs,
    connectTimeoutMs,
    backoff: { minDelayMs, maxDelayMs },
    heartbeatMs: positive(options.heartbeat ?? DEFAULT_HEARTBEAT, "heartbeat"),
    maxWaitingCount: count(
      offlineQueue.maxCommands ?? DEFAULT_MAX_WAITING_COUNT,
      "offlineQueue.maxCommands",
    ),
    maxWaitMs:
      offlineQueue.maxWait === undefined
        ? Number.POSITIVE_INFINITY
        : toMs(offlineQueue.maxWait, "offlineQueue.maxWait"),
  };
}

function tlsOptions(tls: boolean | TlsOptions): TlsOptions | undefined {
  if (typeof tls !== "boolean") return tls;
  return tls ? {} : undefined;
}

function positive(duration: Duration, name: string): number {
  const durationMs = toMs(duration, name);
  if (durationMs === 0) throw new InvalidArgumentError(`\`${name}\` > 0`, duration);
  return durationMs;
}

function count(value: number, name: string): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError(`\`${name}\` as a whole number >= 0`, value);
  return value;
}
