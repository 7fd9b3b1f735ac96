import {
  assertFunction,
  assertFunctions,
  assertTimerClock,
  type Duration,
  InvalidArgumentError,
  kindOf,
  refuseUnknown,
  systemClock,
  type TimerClock,
  toMs,
} from "@upshift/foundation";
import { assertRedis, type Redis } from "@upshift/redis";
import type { CacheOptions, Events } from "./cache-options.ts";
import { defaultCodec } from "./codec/default-codec.ts";
import type { Codec } from "./codec/codec.ts";
import type { MemoryLevelOptions } from "./memory/memory-level.ts";
import { parseBytes } from "./memory/parse-bytes.ts";
import { resolvePolicy } from "./policy/policy.ts";

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
  refuseUnknown("createCache", options, CACHE_OPTIONS);
  const { namespace = "cache", l1 = {}, l2 = {}, backplane = {} } = options;
  refuseUnknown("l1", l1, L1_OPTIONS);
  refuseUnknown("l2", l2, L2_OPTIONS);
  refuseUnknown("l2.breaker", l2.breaker ?? {}, BREAKER_OPTIONS);
  refuseUnknown("backplane", backplane, BACKPLANE_OPTIONS);
  assertParts(options);
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
    heartbeatMs: positiveMs("backplane.heartbeat", backplane.heartbeat ?? 1_000),
    disconnectedTtlMs: toMs(backplane.disconnectedTtl ?? 5_000, "backplane.disconnectedTtl"),
  };
}

/** What is used only later. @throws {InvalidArgumentError} */
function assertParts({ policies = {}, defaults = {}, events = {}, ...rest }: Options): void {
  if (rest.redis !== undefined) assertRedis("createCache", rest.redis);
  if (rest.clock !== undefined) assertTimerClock(rest.clock);
  assertFunctions({ onError: rest.onError, random: rest.random });
  const codec = rest.l2?.codec;
  if (codec !== undefined) {
    assertFunction("l2.codec.encode", Object(codec).encode);
    assertFunction("l2.codec.decode", Object(codec).decode);
  }
  assertNamed("policies", policies);
  assertNamed("events", events);
  for (const [name, targets] of Object.entries(events)) assertFunction(`events.${name}`, targets);
  resolvePolicy("defaults", [defaults]);
  for (const [name, policy] of Object.entries(policies))
    resolvePolicy(`policies.${name}`, [defaults, policy]);
}

/** @throws {InvalidArgumentError} */
function assertNamed(option: string, given: unknown): void {
  if (kindOf(given) !== "an object")
    throw new InvalidArgumentError(`\`${option}\` by their names, as an object`, kindOf(given));
}

type Options = CacheOptions<Events>;
const L1_OPTIONS = new Set(["maxEntries", "maxBytes", "eviction"]);
const L2_OPTIONS = new Set(["softTimeout", "hardTimeout", "breaker", "codec"]);
const BREAKER_OPTIONS = new Set(["after", "for"]);
const BACKPLANE_OPTIONS = new Set(["heartbeat", "disconnectedTtl"]);
const CACHE_OPTIONS: ReadonlySet<keyof Options> = new Set([
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
]);

/** A name in keys of Redis: nothing that patterns and cluster slots take for something else. @throws {InvalidArgumentError} */
export function checkedName(what: string, name: string): string {
  if (typeof name !== "string" || !NAME.test(name))
    throw new InvalidArgumentError(`\`${what}\` of letters, digits, ".", "_" and "-"`, name);
  return name;
}

function positiveMs(name: string, duration: Duration): number {
  const ms = toMs(duration, name);
  if (ms === 0) throw new InvalidArgumentError(`\`${name}\` > 0`, duration);
  return ms;
}

function positiveInteger(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError(`\`${name}\` as a whole number >= 1`, value);
  return value;
}
