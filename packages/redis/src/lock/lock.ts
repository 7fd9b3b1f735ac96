import { randomBytes } from "node:crypto";
import {
  assertFunctions,
  assertTimerClock,
  delay,
  type Duration,
  InvalidArgumentError,
  refuseUnknown,
  type TimerClock,
  toMs,
} from "@upshift/foundation";
import { assertRedis } from "../assert-redis.ts";
import type { CallOptions, Redis } from "../redis.ts";
import { keepLock } from "./keep-lock.ts";
import { LockLostError, LockTakenError } from "./lock-errors.ts";
import { RELEASE_LOCK, TAKE_LOCK } from "./lock-scripts.ts";
import { steadyClock } from "./steady-clock.ts";

export interface LockOptions {
  /** How long the lock outlives a holder that dies. It is renewed at a third of it while it is held. Default is `'10s'`. */
  readonly ttl?: Duration;
  /** How long to wait for another holder. Default is 0: not at all. */
  readonly wait?: Duration;
  /** Ends the wait; a lock that is held is released by `release`. */
  readonly signal?: AbortSignal | undefined;
  readonly clock?: TimerClock;
  /** From 0 up to 1; spreads those who wait. Default is `Math.random`. */
  readonly random?: () => number;
}

const OPTIONS: ReadonlySet<keyof LockOptions> = new Set([
  "ttl",
  "wait",
  "signal",
  "clock",
  "random",
]);

/** A lock that is ours until it is released or lost. */
export interface Lock {
  readonly name: string;
  /**
   * Higher than that of every holder before. Pass it to what the lock protects, which refuses a lower one than it has seen: only that keeps out a holder that was stopped past its
   * time and does not know it yet.
   */
  readonly token: number;
  /** Aborts with {@link LockLostError} when the lock can no longer be ours. */
  readonly signal: AbortSignal;
  /** Whether it still was ours a moment ago; `false` after `release` too. */
  readonly isHeld: boolean;
  /** Whether `release` was called. */
  readonly isReleased: boolean;
  /** Gives it up, if it is still ours. @returns whether it was */
  release(options?: CallOptions): Promise<boolean>;
}

const SHORTEST_TTL_MS = 100;
const FENCE_LIFE_MS = 30 * 86_400_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 250;

/**
 * Takes a lock in Redis: one holder at a time over all processes, as long as Redis keeps its word.
 *
 * Redis can lose it: by a failover before the lock was replicated, by eviction. What must never happen twice needs the fencing token, checked where it happens.
 *
 * @param name - what is protected, for example `invoice:7`
 * @throws {LockTakenError} when somebody else held it for all of `wait`
 * @throws {LockLostError} when Redis answered so late that its time was over
 * @throws {InvalidArgumentError} when an option cannot work
 * @throws `signal.reason` when aborted
 */
export async function lock(redis: Redis, name: string, options: LockOptions = {}): Promise<Lock> {
  assertRedis("lock", redis);
  refuseUnknown("lock", options, OPTIONS);
  const { signal, clock = steadyClock, random = Math.random } = options;
  assertTimerClock(clock);
  assertFunctions({ random });
  // `{}` is no hash tag: the two keys would be of different slots.
  if (typeof name !== "string" || name === "" || name.startsWith("}"))
    throw new InvalidArgumentError("`name` as text that is not empty and begins with no }", name);
  const ttlMs = Math.ceil(toMs(options.ttl ?? "10s", "ttl"));
  if (ttlMs < SHORTEST_TTL_MS)
    throw new InvalidArgumentError(`\`ttl\` >= ${SHORTEST_TTL_MS} ms`, ttlMs);
  const waitMs = toMs(options.wait ?? 0, "wait");
  const key = `lock:{${name}}`;
  const owner = randomBytes(16).toString("base64url");
  const giveUpAtMs = clock.now() + waitMs;
  signal?.throwIfAborted();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const askedAtMs = clock.now();
    let reply: unknown;
    try {
      const keys = [key, `${key}:fence`];
      reply = await redis.run(TAKE_LOCK, keys, [owner, ttlMs, FENCE_LIFE_MS], { signal });
    } catch (error) {
      // It may have been taken all the same, and would keep others out for its time to live.
      redis.run(RELEASE_LOCK, [key], [owner]).catch(() => undefined);
      throw error;
    }
    if (typeof reply === "string") {
      const token = Number(reply);
      const held = keepLock({ redis, name, key, owner, token, ttlMs, askedAtMs, clock });
      if (held.isHeld) return held;
      held.release().catch(() => undefined);
      throw lostBy(held);
    }
    const leftMs = giveUpAtMs - clock.now();
    if (leftMs <= 0) throw new LockTakenError(name, waitMs);
    // Full jitter, but never past the moment at which the other's lock ends by itself.
    const otherMs = Math.max(1, Number(reply));
    await delay(clock, Math.min(leftMs, otherMs, pauseMs * (0.5 + random() / 2)), signal);
  }
}

/**
 * Runs `body` while holding a lock, and releases it however the body ends.
 *
 * @param body - is given the lock: its `signal` aborts when the lock is lost, its `token` goes to what it protects
 * @throws {LockLostError} when the lock was lost before the body ended, whatever the body gave
 * @throws what the body throws, and what {@link lock} throws
 */
export async function withLock<T>(
  redis: Redis,
  name: string,
  body: (held: Lock) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  // Before the lock is taken, and others are kept out for nothing.
  if (typeof body !== "function")
    throw new InvalidArgumentError("`body` as a function that runs under the lock", body);
  const held = await lock(redis, name, options);
  let result: T;
  try {
    result = await body(held);
  } catch (error) {
    // The lock ends by itself: what went wrong in the body is what matters.
    await held.release().catch(() => undefined);
    throw error;
  }
  if (held.isReleased) return result;
  if (!held.isHeld) throw lostBy(held);
  // A release that Redis did not answer changes nothing about what was held until here.
  if (!(await held.release().catch(() => true))) throw lostBy(held);
  return result;
}

function lostBy({ name, signal }: Lock): unknown {
  return signal.aborted ? signal.reason : new LockLostError(name, "its time was over");
}
