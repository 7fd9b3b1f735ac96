import { createRequire } from "node:module";
import type { Driver } from "../connect/link.ts";
import { RedisClientMissingError } from "../redis-errors.ts";
import { ioredisDriver, type IoredisModule } from "./ioredis-link.ts";
import { nodeRedisDriver, type NodeRedisModule } from "./node-redis-link.ts";

/** `node-redis` is the package `redis`. */
export type ClientName = "ioredis" | "node-redis";

/**
 * Loads a client library, only now that it is needed.
 *
 * @param name - default: whichever is installed, node-redis first since it costs a third of ioredis per command
 * @throws {RedisClientMissingError} when it is not installed
 */
export function loadDriver(name: ClientName | undefined): Driver {
  if (name !== "ioredis") {
    const nodeRedis: NodeRedisModule | undefined = load("redis");
    if (nodeRedis !== undefined) return nodeRedisDriver(nodeRedis);
    if (name === "node-redis") throw new RedisClientMissingError(["redis"]);
  }
  const ioredis: IoredisModule | undefined = load("ioredis");
  if (ioredis !== undefined) return ioredisDriver(ioredis);
  throw new RedisClientMissingError(name === undefined ? ["redis", "ioredis"] : ["ioredis"]);
}

// What a module exports has no type here; who asks says what it is.
// oxlint-disable-next-line typescript/no-explicit-any
function load(packageName: string): any {
  const require = createRequire(import.meta.url);
  try {
    return require(packageName);
  } catch (error) {
    if (isMissing(error, packageName)) return undefined;
    throw error;
  }
}

/** The package itself, and not something that it needs. */
function isMissing(error: unknown, packageName: string): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    error.code === "MODULE_NOT_FOUND" &&
    error.message.includes(`'${packageName}'`)
  );
}
