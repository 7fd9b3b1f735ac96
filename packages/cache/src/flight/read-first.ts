import type { RedisParts } from "../definition/core.ts";
import type { DefinitionParts } from "../definition/definition-parts.ts";
import type { Entry } from "../entry/entry.ts";
import type { Flight } from "./flight.ts";
import { lookAtOnce } from "./look-at.ts";

interface Then {
  /** The long way, with what Redis has said. */
  readonly goOn: (text: Promise<string | undefined>) => void;
  /** The flight is over. */
  readonly end: () => void;
}

/** A hit in Redis is the most frequent of what is not in memory: it is answered with as little as can be, and everything else goes the long way. */
export function readFirst(
  parts: DefinitionParts,
  flight: Flight,
  redis: RedisParts,
  stale: Entry | undefined,
  { goOn, end }: Then,
): void {
  const { policy, counters } = parts;
  const { journal } = parts.core;
  const { key } = flight;
  const timeoutMs =
    stale !== undefined && parts.canFallBack(flight, stale)
      ? redis.softTimeoutMs
      : redis.hardTimeoutMs;
  const goOnWith = (text: Promise<string | undefined>): void => {
    // It may not be looked at any more: a failure is none of anybody's then.
    text.catch(() => {});
    goOn(text);
  };
  const look = (found: string | undefined): void => {
    const entry = found === undefined ? undefined : lookAtOnce(parts, redis, key, found);
    if (entry === undefined || (policy.memoryTtlMs === 0 && parts.isDue(entry))) {
      goOnWith(Promise.resolve(found));
      return;
    }
    counters.redisHits += 1;
    parts.keep(flight, entry);
    end();
    parts.answerFresh(flight, entry);
  };
  const fail = (error: unknown): void => goOnWith(rejected(error));
  const redisKey = parts.redisKey(key);
  if (policy.memoryTtlMs > 0) {
    if (journal.isInSync) redis.level.readTo(redisKey, timeoutMs, look, fail);
    else goOnWith(redis.level.read(redisKey, timeoutMs));
    return;
  }
  // Without memory nothing tells that an invalidation is on its way here: Redis is asked, once for all reads of a turn.
  const heard = journal.confirm();
  const wait = (found: string | undefined): void => {
    heard.then(
      (isHeard) => (isHeard ? look(found) : goOnWith(Promise.resolve(found))),
      (error: unknown) => fail(error),
    );
  };
  redis.level.readTo(redisKey, timeoutMs, wait, fail);
}

async function rejected(error: unknown): Promise<never> {
  throw error;
}
