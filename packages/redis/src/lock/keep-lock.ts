import type { TimerClock } from "@upshift/foundation";
import type { Redis } from "../redis.ts";
import type { Lock } from "./lock.ts";
import { LockLostError } from "./lock-errors.ts";
import { RELEASE_LOCK, RENEW_LOCK } from "./lock-scripts.ts";

interface TakenLock {
  readonly redis: Redis;
  readonly name: string;
  readonly key: string;
  readonly owner: string;
  readonly token: number;
  readonly ttlMs: number;
  /** Before Redis was asked: its time to live began later. */
  readonly askedAtMs: number;
  readonly clock: TimerClock;
}

/** Renewed so often, two renewals can fail before the lock ends. */
const RENEWALS_PER_TTL = 3;
/** A lock is over for its holder a little earlier than for Redis: its clock may go slower by a hundredth, and its timers fire late by a millisecond or two. */
const DRIFT_RATIO = 0.01;
const TIMER_LATENESS_MS = 2;

/** Renews a lock that was taken until it is released; tells when it can no longer be ours. */
export function keepLock(taken: TakenLock): Lock {
  const { redis, name, key, owner, token, ttlMs, clock } = taken;
  const lost = new AbortController();
  const safeMs = ttlMs * (1 - DRIFT_RATIO) - TIMER_LATENESS_MS;
  let endsAtMs = taken.askedAtMs + safeMs;
  let isReleased = false;
  let cancelRenewal: (() => void) | undefined;
  let cancelEnd: (() => void) | undefined;
  let lastFailure: unknown;

  const cancelTimers = (): void => {
    cancelRenewal?.();
    cancelEnd?.();
  };
  const lose = (reason: string, cause?: unknown): void => {
    if (isReleased || lost.signal.aborted) return;
    cancelTimers();
    lost.abort(new LockLostError(name, reason, cause));
  };
  const isOver = (): boolean => clock.now() >= endsAtMs;
  const renew = async (): Promise<void> => {
    const askedAtMs = clock.now();
    try {
      const timeoutMs = Math.max(1, endsAtMs - askedAtMs);
      const reply = await redis.run(RENEW_LOCK, [key], [owner, ttlMs], { timeoutMs });
      if (Number(reply) === 1) endsAtMs = Math.max(endsAtMs, askedAtMs + safeMs);
      else lose("somebody else has it, or it was deleted");
    } catch (error) {
      lastFailure = error;
    }
  };
  // Whoever holds a lock is at work; the timers alone are no reason to stay.
  const after = (delayMs: number, run: () => void): (() => void) =>
    clock.after(delayMs, run, { isBackground: true });
  const scheduleRenewals = (): void => {
    cancelRenewal = after(ttlMs / RENEWALS_PER_TTL, () => {
      if (isOver()) return;
      // Next to this one: its answer may never come.
      scheduleRenewals();
      void renew();
    });
  };
  // Apart from the renewals: the timeout of one that is on its way is some ms late, and more after this process stood still.
  const watchEnd = (): void => {
    if (isOver()) lose("Redis did not confirm it in time", lastFailure);
    else cancelEnd = after(endsAtMs - clock.now(), watchEnd);
  };
  scheduleRenewals();
  watchEnd();

  return {
    name,
    token,
    signal: lost.signal,
    get isHeld() {
      return !isReleased && !lost.signal.aborted && !isOver();
    },
    get isReleased() {
      return isReleased;
    },
    async release(options) {
      if (isReleased) return false;
      const wasHeld = !lost.signal.aborted && !isOver();
      isReleased = true;
      cancelTimers();
      const reply = await redis.run(RELEASE_LOCK, [key], [owner], options);
      return wasHeld && Number(reply) === 1;
    },
  };
}
