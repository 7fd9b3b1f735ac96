import { refuseUnknown } from "@upshift/foundation";
import { assertRedis } from "../assert-redis.ts";
import type { Redis } from "../redis.ts";
import { assertScanOptions, type ScanOptions, scanPages } from "./scan-pages.ts";

const OPTIONS: ReadonlySet<keyof ScanOptions> = new Set(["match", "count", "type", "signal"]);

/**
 * Every key that matches, over all masters, without blocking the server as KEYS does.
 *
 * A key that is there from beginning to end comes at least once, also across a failover, and may come several times; one that comes or goes meanwhile may or may not.
 *
 * @returns keys as text
 * @throws {InvalidArgumentError} at once, for options that cannot work
 * @throws {RedisUnavailableError} when Redis is not reached, or changes its masters again and again
 */
export function scan(
  redis: Redis,
  options: ScanOptions = {},
): AsyncGenerator<string, void, undefined> {
  assertRedis("scan", redis);
  refuseUnknown("scan", options, OPTIONS);
  assertScanOptions(options);
  return keysOf(redis, options);
}

async function* keysOf(
  redis: Redis,
  options: ScanOptions,
): AsyncGenerator<string, void, undefined> {
  for await (const keys of scanPages(redis, options)) for (const key of keys) yield key.toString();
}
