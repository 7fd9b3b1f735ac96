import { InvalidArgumentError, systemClock, type TimerClock, toMs } from "@upshift/foundation";
import type { Redis } from "@upshift/redis";
import type { CacheOptions, Events } from "./cache-options.ts";
import { defaultCodec } from "./codec/default-codec.ts";
import type { Codec } from "./codec/codec.ts";
import type { MemoryLevelOptions } from "./memory/memory-level.ts";
import { parseBytes } from "./memory/parse-bytes.ts";

/** {@link CacheOptions} with nothing left open. */
export interface CacheSettings {
  readonly namespace: string;
  readonly redis: Redis | undefined;
  readonly memory: MemoryLevelOptions;
  readonly clock: TimerClock;
  readonly random: () => number;
  readonly codec: Codec;
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  readonly breakerFailures: number;
  readonly breakerOpenMs: number;
  readonly heartbeatMs: number;
  readonly disconnectedTtlMs: number;
}

const NAME = /^[A-Za-z0-9._-]+$/;

/** @throws {InvalidArgumentError} */
export function checkedSettings(options: CacheOptions<Events>): CacheSettings {
  const { namespace = "cache", l1 = {}, l2 = {}, backplane = {} } = options;
  refuseUnknown("createCache", options, CACHE_OPTIONS);
  refuseUnknown("l1", l1, ["maxEntries", "maxBytes", "eviction"]);
  refuseUnknown("l2", l2, ["softTimeout", "hardTimeout", "breaker", "codec"]);
  refuseUnknown("backplane", backplane, ["heartbeat", "disconnectedTtl"]);
  const { maxBytes, ...bounds } = l1;
  const hardTimeoutMs = toMs(l2.hardTimeout ?? 250, "l2.hardTimeout");
  return {
    namespace: checkedName("namespace", namespace),
    redis: options.redis,
    memory: {
      ...bounds,
      ...(maxBytes === undefined ? {} : { maxBytes: parseBytes(maxBytes, "l1.maxBytes") }),
    },
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    codec: l2.codec ?? defaultCodec,
    softTimeoutMs: Math.min(hardTimeoutMs, toMs(l2.softTimeout ?? 50, "l2.softTimeout")),
    hardTimeoutMs,
    breakerFailures: positiveInteger("l2.breaker.after", l2.breaker?.after ?? 5),
    breakerOpenMs: toMs(l2.breaker?.for ?? 5_000, "l2.breaker.for"),
    heartbeatMs: toMs(backplane.heartbeat ?? 1_000, "backplane.heartbeat"),
    disconnectedTtlMs: toMs(backplane.disconnectedTtl ?? 5_000, "backplane.disconnectedTtl"),
  };
}

const CACHE_OPTIONS = [
  "namespace",
  "redis",
  "l1",
  "l2",
  "backplane",
  "policies",
  "defaults",
  "events",
  "onError",
  "clock",
  "random",
] as const;

/** A name in keys of Redis: nothing that patterns and cluster slots take for something else. @throws {InvalidArgumentError} */
export function checkedName(what: string, name: string): string {
  if (typeof name !== "string" || !NAME.test(name))
    throw new InvalidArgumentError(`\`${what}\` of letters, digits, ".", "_" and "-"`, name);
  return name;
}

/** A misspelt option would be a default that nobody chose. @throws {InvalidArgumentError} */
export function refuseUnknown(of: string, options: object, names: readonly string[]): void {
  for (const name of Object.keys(options))
    if (!names.includes(name))
      throw new InvalidArgumentError(
        `one of ${names.join(", ")} in the options of \`${of}\``,
        name,
      );
}

function positiveInteger(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError(`\`${name}\` as a whole number >= 1`, value);
  return value;
}
