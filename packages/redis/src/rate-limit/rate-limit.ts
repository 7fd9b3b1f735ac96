import { createHash } from "node:crypto";
import {
  assertClock,
  type Clock,
  type Duration,
  hasErrorCode,
  InvalidArgumentError,
  kindOf,
  refuseUnknown,
  systemClock,
  toMs,
} from "@upshift/foundation";
import { assertRedis } from "../assert-redis.ts";
import type { CallOptions, Redis } from "../redis.ts";
import { RedisTimeoutError } from "../redis-errors.ts";
import { type Decision, decide } from "./decision.ts";
import { createDenialCache } from "./denial-cache.ts";
import { createGate } from "./gate.ts";
import type { Charge, LimitStore } from "./limit-store.ts";
import { memoryLimitStore } from "./memory-limit-store.ts";
import { parsePolicies, type Policy, type PolicyInput } from "./policy.ts";
import { redisLimitStore } from "./redis-limit-store.ts";

export interface RateLimitOptions {
  /** Part of the keys in Redis; limits of one name share their counts. */
  readonly name: string;
  /** Name to quota, `{ burst: '100/1m', daily: '1000/1d' }`. A call is charged to all of them or to none. */
  readonly policies: Readonly<Record<string, PolicyInput>>;
  /**
   * What is decided when Redis does not answer: `local` counts in this process alone until it does, `open` allows, `closed` refuses. Default is `'local'`.
   */
  readonly failMode?: "local" | "open" | "closed";
  /** How long Redis may take; counted from a call's first wait for a connection. Default is 500 ms. */
  readonly timeout?: Duration;
  /** After a failure Redis is left alone for so long, then asked by one call at a time; the others are decided by `failMode` at once. Default is `'1s'`. */
  readonly pauseAfterFailure?: Duration;
  /** Refused keys that are remembered in this process, to refuse them without asking. 0 for none. Default is 10,000. */
  readonly denialCacheKeys?: number;
  readonly clock?: Clock;
}

const OPTIONS: ReadonlySet<keyof RateLimitOptions> = new Set([
  "name",
  "policies",
  "failMode",
  "timeout",
  "pauseAfterFailure",
  "denialCacheKeys",
  "clock",
]);
const FAIL_MODES: ReadonlySet<unknown> = new Set(["local", "open", "closed"]);

export interface RateLimit {
  /**
   * Takes `cost` from every policy, or nothing from any.
   *
   * @param key - whom it is charged to: a user's id, an address
   * @param cost - default 1
   * @throws {InvalidArgumentError} when the cost is more than a policy ever allows at once
   */
  take(key: string, cost?: number, options?: CallOptions): Promise<Decision>;
  /** What `take` would decide, without taking. */
  peek(key: string, cost?: number, options?: CallOptions): Promise<Decision>;
  /** Gives back what was taken and not used; never more than there is room for. */
  refund(key: string, cost?: number, options?: CallOptions): Promise<Decision>;
  /** Forgets what a key has taken. */
  reset(key: string, options?: CallOptions): Promise<void>;
}

/** Longer keys are stored by their hash. */
const LONGEST_KEY = 128;

/**
 * Limits how often something may happen, over all processes: the generic cell rate algorithm, exact under any concurrency.
 *
 * A policy `'100/1m'` allows 100 at once after a quiet time and one every 600 ms from then on; there is no edge of a window to burst around.
 *
 * @param store - Redis, or `memoryLimitStore()` for a single process
 * @throws {InvalidArgumentError} when an option cannot work
 */
export function rateLimit(store: Redis | LimitStore, options: RateLimitOptions): RateLimit {
  refuseUnknown("rateLimit", options, OPTIONS);
  const { name, failMode = "local", clock = systemClock, denialCacheKeys = 10_000 } = options;
  if (typeof name !== "string" || name === "")
    throw new InvalidArgumentError("`name` as text that is not empty", name);
  if (!FAIL_MODES.has(failMode))
    throw new InvalidArgumentError('`failMode` as "local", "open" or "closed"', failMode);
  assertClock(clock);
  if (!Number.isSafeInteger(denialCacheKeys) || denialCacheKeys < 0)
    throw new InvalidArgumentError("`denialCacheKeys` as an integer >= 0", denialCacheKeys);
  const policies = parsePolicies(options.policies);
  const timeoutMs = toMs(options.timeout ?? 500, "timeout");
  const pauseMs = toMs(options.pauseAfterFailure ?? "1s", "pauseAfterFailure");
  const limits = isLimitStore(store) ? store : redisLimitStore(store, policies, timeoutMs);
  const local = memoryLimitStore({ clock });
  const denials = createDenialCache(policies, clock, denialCacheKeys);
  const prefix = keyPrefix(name, policies);
  const gate = createGate(clock, pauseMs);

  const fall = async (key: string, cost: number, asked: number): Promise<Decision> => {
    if (failMode === "local") {
      const { isAllowed, debtsUs } = await local.charge(policies, key, cost, undefined);
      return decide(policies, isAllowed && cost !== 0 ? 0 : asked, debtsUs, "local");
    }
    const unknown = decide(policies, 0, [], failMode);
    if (failMode === "open" || cost < 0) return unknown;
    // Nobody knows when Redis answers again: the pause is the next time that anybody asks it.
    return { ...unknown, isAllowed: false, remaining: 0, retryAfterMs: Math.max(1, pauseMs) };
  };
  const keyOf = (key: string): string => {
    if (typeof key !== "string" || key === "") throw new InvalidArgumentError("`key` as text", key);
    const short =
      key.length <= LONGEST_KEY ? key : createHash("sha256").update(key).digest("base64url");
    return prefix + short;
  };
  /** A caller that had less time than Redis says nothing about it: what became of the call does, for all others. */
  const isImpatient = (call: CallOptions | undefined, error: unknown): boolean =>
    (call?.timeoutMs ?? timeoutMs) < timeoutMs && hasErrorCode(error, "UPSHIFT_REDIS_TIMEOUT");
  const largestCost = Math.min(...policies.map(({ burst }) => burst));
  const assertCost = (cost: number): void => {
    if (!Number.isSafeInteger(cost) || cost < 1)
      throw new InvalidArgumentError("`cost` as an integer >= 1", cost);
    if (cost > largestCost) {
      const allowed = `\`cost\` of at most ${largestCost}, which is allowed at once`;
      throw new InvalidArgumentError(allowed, cost);
    }
  };
  /**
   * One async function for everything: each more would cost every call a promise.
   *
   * @param sign - of the cost: 1 takes, -1 gives back, 0 only looks
   */
  const charge = async (
    rawKey: string,
    cost: number,
    sign: -1 | 0 | 1,
    call: CallOptions | undefined,
  ): Promise<Decision> => {
    assertCost(cost);
    const key = keyOf(rawKey);
    // What the caller wants to know about, where nothing is charged.
    const asked = sign === -1 ? 0 : cost;
    if (sign === 1) {
      const known = denials.find(key, cost);
      if (known !== undefined) return decide(policies, asked, known, "denial-cache");
    }
    if (!gate.enter()) return fall(key, sign * cost, asked);
    const askedAtMs = clock.now();
    let answer: Promise<Charge> | undefined;
    let charged: Charge;
    try {
      answer = limits.charge(policies, key, sign * cost, call);
      charged = await (call === undefined ? answer : bounded(answer, call));
    } catch (error) {
      if (!isAway(error)) {
        // An abort of the caller says nothing about Redis.
        gate.leave(call?.signal?.aborted === true ? "unknown" : "here");
        throw error;
      }
      if (isImpatient(call, error)) {
        gate.leave("unknown");
        answer?.then(
          () => gate.leave("here"),
          (late: unknown) => gate.leave(isAway(late) ? "away" : "here"),
        );
      } else gate.leave("away");
      return fall(key, sign * cost, asked);
    }
    gate.leave("here");
    const isHeld = charged.isAllowed && sign !== 0;
    const decision = decide(policies, isHeld ? 0 : asked, charged.debtsUs, "store");
    if (!decision.isAllowed) denials.add(key, charged, askedAtMs);
    return decision;
  };

  return {
    take: (key, cost = 1, call) => charge(key, cost, 1, call),
    peek: (key, cost = 1, call) => charge(key, cost, 0, call),
    async refund(key, cost = 1, call) {
      const decision = await charge(key, cost, -1, call);
      // Last: a refusal from before may have been remembered while this was on its way.
      denials.forget(keyOf(key));
      return decision;
    },
    async reset(rawKey, call) {
      const key = keyOf(rawKey);
      await local.reset(key, undefined);
      await limits.reset(key, { timeoutMs, ...call });
      denials.forget(key);
    },
  };
}

/** @throws {InvalidArgumentError} when it is neither a store nor Redis */
function isLimitStore(store: Redis | LimitStore): store is LimitStore {
  if (kindOf(store) === "an object" && "charge" in store) return true;
  assertRedis("rateLimit", store);
  return false;
}

/** Other quotas are other counts: a value holds one number per policy, in their order. */
function keyPrefix(name: string, policies: readonly Policy[]): string {
  const names = JSON.stringify(policies.map((policy) => policy.name));
  const digest = createHash("sha256").update(names).digest("base64url").slice(0, 6);
  return `ratelimit:${name}:${digest}:`;
}

/** A batch has one timeout; each caller has a signal of its own, and may have less time. */
function bounded<T>(promise: Promise<T>, { signal, timeoutMs }: CallOptions): Promise<T> {
  if (signal === undefined && timeoutMs === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal?.reason);
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => reject(new RedisTimeoutError("a rate limit", timeoutMs)), timeoutMs);
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    promise
      .finally(() => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      })
      .then(resolve, reject);
  });
}

/** Redis is away, cannot write, or is in the middle of a failover; anything else is a mistake of the program, and is not hidden. */
function isAway(error: unknown): boolean {
  return (
    hasErrorCode(error, "UPSHIFT_REDIS_TIMEOUT") ||
    hasErrorCode(error, "UPSHIFT_REDIS_UNAVAILABLE") ||
    hasErrorCode(error, "UPSHIFT_REDIS_CONNECTION_LOST") ||
    (hasErrorCode(error, "UPSHIFT_REDIS_REPLY") &&
      "kind" in error &&
      typeof error.kind === "string" &&
      AWAY.has(error.kind))
  );
}

const AWAY: ReadonlySet<string> = new Set([
  "OOM",
  "READONLY",
  "LOADING",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "TRYAGAIN",
  "BUSY",
  "MISCONF",
  "NOREPLICAS",
]);
