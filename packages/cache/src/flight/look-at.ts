import type { RedisParts } from "../definition/core.ts";
import type { DefinitionParts } from "../definition/definition-parts.ts";
import { Entry } from "../entry/entry.ts";
import { readStored, type StoredValue } from "../entry/stored-value.ts";
import { definitionTag, EVERYTHING, expiryTag, userTag } from "../invalidation/tag-times.ts";

interface Found {
  readonly entry: Entry;
  readonly isFresh: boolean;
}

/** @returns what Redis has, if it is not void */
export async function lookAt(
  parts: DefinitionParts,
  redis: RedisParts,
  key: string,
  text: string,
  timeoutMs: number,
): Promise<Found | undefined> {
  const { core, name } = parts;
  const stored = readStored(text, core.codec);
  if (stored === undefined) {
    parts.counters.decodeFailures += 1;
    return undefined;
  }
  const nowMs = core.clock.now();
  const entry = entryOf(parts, redis, stored, nowMs);
  if (core.tagTimes.isUnknown(entry)) {
    const own = [EVERYTHING, definitionTag(name), ...stored.tags.map(userTag)];
    const all = [...own, ...own.map(expiryTag)];
    if (!(await redis.askTags(all, stored.clock, timeoutMs))) return undefined;
    entry.tagVersion = core.tagTimes.version;
  }
  return judge(parts, key, entry, core.clock.now());
}

/** The same without a question: a value that is fresh and known to be right, which most are. */
export function lookAtOnce(
  parts: DefinitionParts,
  redis: RedisParts,
  key: string,
  text: string,
): Entry | undefined {
  const { core } = parts;
  const stored = readStored(text, core.codec);
  if (stored === undefined || core.tagTimes.isUnknown(stored)) return undefined;
  const nowMs = core.turnClock.now();
  const entry = entryOf(parts, redis, stored, nowMs);
  const found = judge(parts, key, entry, nowMs);
  return found?.isFresh === true ? entry : undefined;
}

function judge(
  parts: DefinitionParts,
  key: string,
  entry: Entry,
  nowMs: number,
): Found | undefined {
  const { core, name } = parts;
  const { applier, tagTimes } = core;
  if (nowMs >= entry.hardUntilMs || tagTimes.isVoid(entry, name)) return undefined;
  if (applier.isOlderThanRecent(entry.clock, name, key)) return undefined;
  // As in memory: what was expired is good for failures only, however long `staleFor` is.
  if (tagTimes.isExpired(entry, name)) entry.expire();
  return { entry, isFresh: nowMs < entry.softUntilMs };
}

function entryOf(
  parts: DefinitionParts,
  redis: RedisParts,
  stored: StoredValue,
  nowMs: number,
): Entry {
  const { core } = parts;
  const isExpired = stored.softUntilMs === 0;
  return new Entry(
    {
      value: parts.prepared(stored.value),
      isAbsent: stored.isAbsent,
      softUntilMs: isExpired
        ? Number.NEGATIVE_INFINITY
        : redis.serverTime.toLocal(stored.softUntilMs),
      hardUntilMs: redis.serverTime.toLocal(stored.hardUntilMs),
      ttlMs: stored.ttlMs,
      loadMs: stored.loadMs,
      clock: stored.clock,
      // It was loaded in another process, or in an earlier life of this one: only the clock tells.
      ordinal: -1,
      tags: stored.tags,
      tagVersion: core.tagTimes.version,
      confirmedAtMs: nowMs,
    },
    parts.policy,
    nowMs,
  );
}
