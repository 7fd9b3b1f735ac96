import type { Redis } from "../redis.ts";
import { type ScanOptions, scanPages } from "./scan-pages.ts";

/**
 * Every key that matches, over all masters, without blocking the server as KEYS does.
 *
 * A key that is there from beginning to end comes at least once, also across a failover, and may come several times; one that comes or goes meanwhile may or may not.
 *
 * @yields keys as text
 * @throws {RedisUnavailableError} when Redis is not reached, or changes its masters again and again
 */
export async function* scan(
  redis: Redis,
  options: ScanOptions = {},
): AsyncGenerator<string, void, undefined> {
  for await (const keys of scanPages(redis, options)) for (const key of keys) yield key.toString();
}
