import { InvalidArgumentError, kindOf } from "@upshift/foundation";
import { type GivenRedis, givenRoutes } from "../clients/given-routes.ts";
import { loadDriver } from "../clients/load-client.ts";
import { ClusterRoute } from "../cluster/cluster-route.ts";
import type { Redis } from "../redis.ts";
import { assertConnectOptions, type ConnectRedisOptions, toSettings } from "./connect-options.ts";
import type { ConnectSettings } from "./connect-settings.ts";
import { parseRedisUrl, type RedisAddress } from "./redis-url.ts";
import type { Route, Routes } from "./route.ts";
import { RoutedRedis } from "./routed-redis.ts";
import { SingleRoute } from "./single-route.ts";

/** Nodes of a cluster to begin with; the others are found through them. */
export type ClusterNodes = readonly (string | { readonly host: string; readonly port: number })[];

/**
 * One way to Redis, whatever is behind it: a server, a cluster, or a client of ioredis or node-redis that you have made.
 *
 * Returns at once and connects in the background; commands wait for the connection, each at most for its timeout. Close it when done: its connections keep the process
 * alive. A client that you give is used as it is and stays yours: it is neither changed nor closed, and only connections that have to be our own (subscribing,
 * blocking commands) are opened beside it.
 *
 * @param target - `redis://user:password@host:port/db`, `rediss://…` for TLS, `unix:///path`; an array of nodes for a cluster; or a client: `Redis` or `Cluster` of
 * ioredis, `createClient` or `createCluster` of node-redis
 * @throws {RedisClientMissingError} when the client library is not installed
 * @throws {InvalidArgumentError} for options or targets that cannot work
 */
export function connectRedis(
  target: string | undefined | ClusterNodes | GivenRedis,
  options: ConnectRedisOptions = {},
): Redis {
  if (target === undefined)
    throw new InvalidArgumentError("a URL, nodes or a client; is REDIS_URL set?", target);
  assertConnectOptions(options);
  if (typeof target === "string") {
    const settings = toSettings(parseRedisUrl(target), options);
    const driver = loadDriver(options.client);
    const route = (): Route => new SingleRoute(driver, settings);
    return create({ ordinary: route, blocking: route }, settings);
  }
  if (isNodes(target)) {
    const addresses = target.map(toAddress);
    const [first] = addresses;
    if (first === undefined) throw new InvalidArgumentError("at least one node", "[]");
    const settings = toSettings(first, options);
    if (settings.endpoint.database !== 0)
      throw new InvalidArgumentError("`database` 0 in a cluster", settings.endpoint.database);
    const driver = loadDriver(options.client);
    const seedAddresses = addresses.map(({ host, port }) => ({ host, port }));
    const seeds = (): typeof seedAddresses => seedAddresses;
    const routes = {
      ordinary: () => new ClusterRoute(driver, settings, seeds),
      blocking: () => new ClusterRoute(driver, settings, seeds, true),
    };
    return create(routes, settings);
  }
  const settings = toSettings({ host: "", port: 0, database: 0 }, options);
  return create(givenRoutes(target, settings), settings);
}

function create(routes: Routes, settings: ConnectSettings): RoutedRedis {
  // A command that blocks is to be answered late, so only its connection is waited for, and that for a time.
  const patient = {
    ...settings,
    timeoutMs: Number.POSITIVE_INFINITY,
    maxWaitMs: Math.min(settings.maxWaitMs, settings.connectTimeoutMs),
  };
  const dedicated = (): RoutedRedis =>
    new RoutedRedis(routes.blocking(), patient, dedicated, false);
  return new RoutedRedis(routes.ordinary(), settings, dedicated, true);
}

function isNodes(target: ClusterNodes | GivenRedis): target is ClusterNodes {
  return Array.isArray(target);
}

function toAddress(node: ClusterNodes[number]): RedisAddress {
  if (typeof node === "string") return parseRedisUrl(node);
  const { host, port }: Readonly<Record<string, unknown>> = { ...Object(node) };
  if (typeof host !== "string" || host === "" || typeof port !== "number" || !isPort(port))
    throw new InvalidArgumentError("nodes as URLs or `{ host, port }`", kindOf(node));
  return { host, port, database: 0 };
}

function isPort(port: number): boolean {
  return Number.isSafeInteger(port) && port > 0 && port < 65_536;
}
