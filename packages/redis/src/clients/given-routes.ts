import { InvalidArgumentError, kindOf } from "@upshift/foundation";
import { ClusterRoute } from "../cluster/cluster-route.ts";
import type { ConnectSettings } from "../connect/connect-settings.ts";
import type { Driver } from "../connect/link.ts";
import type { Routes } from "../connect/route.ts";
import { SingleRoute } from "../connect/single-route.ts";
import type { GivenClient, GivenCluster } from "./given-client.ts";
import { GivenClusterRoute } from "./given-cluster-route.ts";
import {
  type GivenIoredis,
  givenIoredis,
  type GivenIoredisCluster,
  givenIoredisCluster,
} from "./given-ioredis.ts";
import {
  type GivenNodeRedis,
  givenNodeRedis,
  type GivenNodeRedisCluster,
  givenNodeRedisCluster,
  isGivenNodeRedis,
} from "./given-node-redis.ts";
import { GivenSingleRoute } from "./given-single-route.ts";

/** A client that the caller has made: `Redis` or `Cluster` of ioredis, `createClient` or `createCluster` of node-redis. */
export type GivenRedis =
  | GivenIoredis
  | GivenIoredisCluster
  | GivenNodeRedis
  | GivenNodeRedisCluster;

/** @throws {InvalidArgumentError} when it is none of these */
export function givenRoutes(given: GivenRedis, settings: ConnectSettings): Routes {
  if (typeof given !== "object" || given === null) throw otherTarget(given);
  if ("refreshSlotsCache" in given) return clusterRoutes(givenIoredisCluster(given), settings);
  if ("status" in given) return singleRoutes(givenIoredis(given), settings);
  if ("nodeClient" in given) return clusterRoutes(givenNodeRedisCluster(given), settings);
  if (isGivenNodeRedis(given)) return singleRoutes(givenNodeRedis(given), settings);
  throw otherTarget(given);
}

function otherTarget(given: unknown): InvalidArgumentError {
  return new InvalidArgumentError(
    "a URL, an array of nodes, or a client: `Redis` or `Cluster` of ioredis, `createClient` or `createCluster` of node-redis",
    kindOf(given),
  );
}

function singleRoutes(given: GivenClient, settings: ConnectSettings): Routes {
  const { failure } = given;
  const driver: Driver = { open: (_, events) => given.openAnother(events), failure };
  return {
    ordinary: () => new GivenSingleRoute(given),
    blocking: () => new SingleRoute(driver, settings),
  };
}

function clusterRoutes(given: GivenCluster, settings: ConnectSettings): Routes {
  const { failure } = given;
  const driver: Driver = {
    open: (endpoint, events) => given.openAnother(events, endpoint),
    failure,
  };
  const seeds = (): ReturnType<GivenCluster["addresses"]> => given.addresses();
  return {
    ordinary: () => new GivenClusterRoute(given, settings.clock),
    blocking: () => new ClusterRoute(driver, settings, seeds, true),
  };
}
