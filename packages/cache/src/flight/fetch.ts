import { randomUUID } from "node:crypto";
import type { TimerClock } from "@upshift/foundation";
import { CacheLoadFailedElsewhereError } from "../cache-errors.ts";
import type { RedisParts } from "../definition/core.ts";
import type { DefinitionParts } from "../definition/definition-parts.ts";
import type { Entry } from "../entry/entry.ts";
import { headOf } from "../entry/stored-value.ts";
import { COOLING } from "../redis-level/entry-scripts.ts";
import { readFailure } from "./failure.ts";
import type { Flight } from "./flight.ts";
import { lookAt } from "./look-at.ts";
import { load, type LoadStart } from "./load.ts";

/** Two processes, or one process at two times, may see the clock of Redis so far apart. */
const CLOCK_ERROR_MS = 20;
/** Those who wait are woken; this is for when the message is lost. */
const POLL_MS = 100;
/** A value in Redis that changes each time it is looked at and is void each time: somebody else is at it. */
const MOST_LOOKS = 4;

/**
 * Brings what a flight is for: from Redis, from the load of another process, or from the loader. Answers it as soon as there is something to answer with, and ends when
 * there is nothing left to do.
 *
 * @param stale - what memory has, past its time or soon to be
 * @param isEarly - what is fresh is to be replaced as well
 * @param text - what Redis has, where it was asked already
 */
export async function fetch(
  parts: DefinitionParts,
  flight: Flight,
  stale: Entry | undefined,
  isEarly: boolean,
  text?: Promise<string | undefined>,
): Promise<void> {
  const { redis, applier } = parts.core;
  flight.stale = stale;
  const redisKey = parts.redisKey(flight.key);
  if (redis === undefined || applier.isPending(parts.name, flight.key)) {
    await load(parts, flight, { token: undefined, stale, mayKeep: true });
    return;
  }
  if (text === undefined && !redis.level.allows()) {
    parts.counters.redisFailures += 1;
    await load(parts, flight, { token: undefined, stale, mayKeep: true });
    return;
  }
  const timeoutMs =
    stale !== undefined && parts.canFallBack(flight, stale)
      ? redis.softTimeoutMs
      : redis.hardTimeoutMs;
  let fetched: Fetched;
  try {
    fetched = await withRedis(parts, flight, { stale, isEarly, redis, redisKey, timeoutMs, text });
  } catch (error) {
    if (error instanceof CacheLoadFailedElsewhereError) throw error;
    parts.counters.redisFailures += 1;
    parts.core.onError(error);
    fetched = { token: undefined, stale, mayKeep: true };
  }
  if (fetched !== "done") await load(parts, flight, fetched);
}

/** Nothing left to do, or what a load begins with. */
type Fetched = "done" | LoadStart;

async function withRedis(
  parts: DefinitionParts,
  flight: Flight,
  start: {
    readonly stale: Entry | undefined;
    readonly isEarly: boolean;
    readonly redis: RedisParts;
    readonly redisKey: string;
    readonly timeoutMs: number;
    /** What Redis has, where it was asked already. */
    readonly text: Promise<string | undefined> | undefined;
  },
): Promise<Fetched> {
  const { redis, redisKey, timeoutMs } = start;
  const { clock, journal } = parts.core;
  const { policy, counters } = parts;
  const deadlineMs = clock.now() + timeoutMs;
  const leftMs = (): number => Math.max(1, deadlineMs - clock.now());
  // Without memory nothing tells that an invalidation is on its way here: Redis is asked. With it, only when nothing was heard for long.
  const heard =
    policy.memoryTtlMs === 0 ? journal.confirm() : journal.isInSync ? true : journal.sync();
  let text = await (start.text ?? redis.level.read(redisKey, timeoutMs));
  if (heard !== true && !(await inTime(heard, leftMs(), clock)))
    return { token: undefined, stale: start.stale, mayKeep: true };
  let { stale } = start;
  // What another process has brought since ends later than what is here.
  const earliestMs = (stale?.softUntilMs ?? 0) + CLOCK_ERROR_MS;
  let token: string | undefined;
  let waitedFor: string | undefined;
  // A load is slow for who waits for it in another process as well.
  const softMs = policy.softTimeoutMs ?? Number.POSITIVE_INFINITY;
  let waitedSinceMs: number | undefined;
  // The wait for another's load is not Redis keeping us: each question has its own bound.
  const mostMs = (): number => (waitedFor === undefined ? leftMs() : timeoutMs);
  const giveUpAtMs = clock.now() + policy.leaseWaitMs;
  for (let looks = 0; ;) {
    if (text !== undefined) {
      looks += 1;
      const found = await lookAt(parts, redis, flight.key, text, mostMs());
      if (found?.isFresh === true) {
        const isNews = !start.isEarly || found.entry.softUntilMs > earliestMs;
        if (isNews) {
          if (waitedFor === undefined && !start.isEarly) counters.redisHits += 1;
          parts.keep(flight, found.entry);
          parts.answerFresh(flight, found.entry);
          // Without memory nobody else comes to think of it.
          if (policy.memoryTtlMs > 0 || !parts.isDue(found.entry)) return "done";
          counters.earlyRefreshes += 1;
        }
        stale = found.entry;
        flight.stale = stale;
      } else if (found !== undefined) {
        stale = found.entry;
        flight.stale = stale;
        if (parts.mayServeWhileLoading(flight, stale) && !flight.isAnswered) {
          parts.keep(flight, stale);
          parts.answerStale(flight, stale);
        }
      }
    }
    if (looks > MOST_LOOKS) break;
    token ??= randomUUID();
    const answer = await redis.level.lease(
      redisKey,
      {
        token,
        leaseMs: policy.leaseMs ?? policy.hardTimeoutMs,
        isShared: policy.leaseMs !== undefined,
        seenHead: text === undefined ? "" : headOf(text),
        hasStale: stale !== undefined && parts.canFallBack(flight, stale),
        waitedFor,
      },
      mostMs(),
    );
    if (answer.is === "lease") return { token, stale, mayKeep: true };
    if (answer.is === "closed") return { token: undefined, stale, mayKeep: false };
    if (answer.is === "failed") {
      if (stale !== undefined && parts.canFallBack(flight, stale)) {
        parts.serveAfterFailure(flight, stale);
        return "done";
      }
      throw new CacheLoadFailedElsewhereError(parts.name, readFailure(answer.failure));
    }
    if (answer.is === "value") {
      text = answer.text;
      continue;
    }
    // Another process is at it, or was and has failed: whoever has a stale value goes on with that.
    if (flight.isAnswered) return "done";
    if (stale !== undefined && parts.canFallBack(flight, stale) && answer.holder === COOLING) {
      parts.serveAfterFailure(flight, stale, answer.forMs);
      return "done";
    }
    if (waitedFor === undefined) counters.stampedesAbsorbed += flight.waiterCount;
    waitedFor = answer.holder;
    const nowMs = clock.now();
    waitedSinceMs ??= nowMs;
    if (
      stale !== undefined &&
      parts.canFallBack(flight, stale) &&
      nowMs >= waitedSinceMs + softMs
    ) {
      parts.answerStale(flight, stale);
      return "done";
    }
    const restMs = giveUpAtMs - nowMs;
    if (restMs <= 0) break;
    await woken(parts, redis, redisKey, Math.min(answer.forMs + 1, POLL_MS, restMs));
    // The load that is begun in its place ends at once, with what is told to all.
    if (parts.core.closing.aborted) break;
  }
  return { token: undefined, stale, mayKeep: true };
}

/** @returns `false` when it is not known in time */
function inTime(promise: Promise<boolean>, mostMs: number, clock: TimerClock): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(mostMs, () => resolve(false));
    promise.then(resolve, reject).finally(cancel);
  });
}

function woken(
  parts: DefinitionParts,
  redis: RedisParts,
  redisKey: string,
  mostMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      stop();
      resolve();
    };
    const cancel = parts.core.clock.after(mostMs, end);
    const stop = redis.wakeCalls.wait(redisKey, end);
  });
}
