import type { Duration, TimerClock } from "@upshift/foundation";
import type { Redis } from "@upshift/redis";
import type { Codec } from "./codec/codec.ts";
import type { Target } from "./invalidation/target.ts";
import type { PolicyOptions } from "./policy/policy.ts";

/** What an event of the application invalidates. An event that moves something carries before and after, so that both places are. */
export type EventTargets<Payload> = (payload: Payload) => Target | readonly Target[];

/** Event name -> what it invalidates. */
export type Events = Readonly<Record<string, EventTargets<never>>>;

export type PayloadOf<Handler> = Handler extends EventTargets<infer Payload> ? Payload : never;

export interface CacheOptions<E extends Events> {
  /** Caches of one namespace on one Redis are one cache. Letters, digits, `.`, `_`, `-`. Default is `cache`. */
  readonly namespace?: string;
  /** Second level and connection between processes, made by `connectRedis`; it stays open when the cache is closed. Default: memory alone. */
  readonly redis?: Redis;
  /** Memory of this process. */
  readonly l1?: {
    /** Default is 50,000. */
    readonly maxEntries?: number;
    /** A number of bytes, or text such as `64mb`. Default: no bound but that of entries. */
    readonly maxBytes?: number | string;
    /** `s3fifo` keeps what is popular when much is read once. Default is `lru`. */
    readonly eviction?: "lru" | "s3fifo";
  };
  /** How Redis is used. */
  readonly l2?: {
    /** How long a read waits for Redis when there is a stale value to give out. Default is 50 ms. */
    readonly softTimeout?: Duration;
    /** How long a read waits for Redis at most. Default is 250 ms. */
    readonly hardTimeout?: Duration;
    /** After `after` failures in a row (default 5), reads go past Redis `for` so long (default 5 s). */
    readonly breaker?: { readonly after?: number; readonly for?: Duration };
    /** How values become text. Default: JSON, with a form of its own for Date, Map, Set, bigint, Buffer and the like. */
    readonly codec?: Codec;
  };
  readonly backplane?: {
    /** How often a process asks whether it has missed an invalidation: what a lost message costs at most. Default is 1 s. */
    readonly heartbeat?: Duration;
    /** How long memory is believed when Redis cannot be asked. Default is 5 s. */
    readonly disconnectedTtl?: Duration;
  };
  /** By name of the definition, or as a definition's `policy` names them. */
  readonly policies?: Readonly<Record<string, PolicyOptions>>;
  /** For what a policy leaves open. */
  readonly defaults?: PolicyOptions;
  readonly events?: E;
  /** Failures that no caller sees: of loads in the background, of Redis where the cache went on without it. Default: none is told. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: TimerClock;
  /** 0 to 1; for jitter. Default is `Math.random`. */
  readonly random?: () => number;
}
