import { randomUUID } from "node:crypto";
import { tracingChannel } from "node:diagnostics_channel";
import { CACHE_CHANNEL, type CacheMessage, systemClock } from "@upshift/foundation";
import { escapeGlob, type Redis, removeByPattern } from "@upshift/redis";
import type { CacheSettings } from "../cache-settings.ts";
import { Applier } from "../invalidation/applier.ts";
import type { RedisRemoval } from "../invalidation/redis-removal.ts";
import { TagTimes } from "../invalidation/tag-times.ts";
import type { JournalReader } from "../journal/journal.ts";
import { LocalJournal } from "../journal/local-journal.ts";
import { wakeChannelOf } from "../journal/news-line.ts";
import { RedisJournal } from "../journal/redis-journal.ts";
import { ServerTime } from "../journal/server-time.ts";
import { TurnClock } from "../memory/turn-clock.ts";
import { Breaker } from "../redis-level/breaker.ts";
import { RedisLevel } from "../redis-level/redis-level.ts";
import { WakeCalls } from "../redis-level/wake-calls.ts";
import type { Core, RedisParts } from "./core.ts";
import type { Keeper } from "./keeper.ts";

interface Surroundings {
  /** Those that are there, and those that will be. */
  readonly keepers: ReadonlyMap<string, Keeper>;
  readonly closing: AbortSignal;
  readonly onError: (error: unknown) => void;
}

interface OpenedCore {
  readonly core: Core;
  readonly breaker: Breaker | undefined;
}

/** Makes the parts of a cache and connects them: with Redis, or for this process alone. */
export function openCore(settings: CacheSettings, around: Surroundings): OpenedCore {
  const { namespace, clock, redis } = settings;
  const { keepers, closing, onError } = around;
  const channel = tracingChannel<string, CacheMessage>(CACHE_CHANNEL);
  const tagTimes = new TagTimes();
  let longestKeepMs = 0;
  const shared = redis === undefined ? undefined : openLevel(redis, settings);
  const applier = new Applier({
    namespace,
    channel,
    clock,
    tagTimes,
    definitions: keepers,
    redis: shared?.removal,
    onError,
  });
  const reader: JournalReader = {
    onNews: (news, at, isOwn) => applier.hear(news, at, isOwn),
    onMissed: () => {
      tagTimes.tick();
      for (const keeper of keepers.values()) keeper.forgetAll();
    },
    onReachable: () => void applier.flush(),
    onFailover: () => applier.onFailover(),
    onError,
  };
  const { journal, redisParts } =
    redis === undefined || shared === undefined
      ? { journal: new LocalJournal(reader), redisParts: undefined }
      : openJournal(redis, shared.level, reader, tagTimes, settings, () => longestKeepMs);
  applier.connect(journal);
  const core: Core = {
    namespace,
    channel,
    clock,
    // One that is given knows better when time goes on.
    turnClock: clock === systemClock ? new TurnClock(clock) : clock,
    random: settings.random,
    codec: settings.codec,
    journal,
    tagTimes,
    applier,
    redis: redisParts,
    disconnectedTtlMs: settings.disconnectedTtlMs,
    closing,
    onError,
    keeps: (keepMs) => {
      longestKeepMs = Math.max(longestKeepMs, keepMs);
    },
  };
  return { core, breaker: shared?.breaker };
}

function openLevel(
  redis: Redis,
  settings: CacheSettings,
): { readonly level: RedisLevel; readonly breaker: Breaker; readonly removal: RedisRemoval } {
  const { namespace, clock, breakerFailures, breakerOpenMs, hardTimeoutMs } = settings;
  const breaker = new Breaker(clock, breakerFailures, breakerOpenMs);
  const level = new RedisLevel(redis, breaker, hardTimeoutMs, wakeChannelOf(namespace));
  const keyOf = (definition: string, key: string): string => `${namespace}:${definition}:${key}`;
  const removal: RedisRemoval = {
    allows: () => level.isReachable && !breaker.isOpen,
    remove: (definition, key, holdMs) => level.remove(keyOf(definition, key), holdMs),
    expire: (definition, key) => level.expire(keyOf(definition, key)),
    removeMatching: async (glob) => {
      await removeByPattern(redis, `${escapeGlob(namespace)}:${glob}`);
    },
  };
  return { level, breaker, removal };
}

function openJournal(
  redis: Redis,
  level: RedisLevel,
  reader: JournalReader,
  tagTimes: TagTimes,
  settings: CacheSettings,
  keepTagsMs: () => number,
): { readonly journal: RedisJournal; readonly redisParts: RedisParts } {
  const { namespace, clock, softTimeoutMs, hardTimeoutMs } = settings;
  const wakeCalls = new WakeCalls();
  const serverTime = new ServerTime();
  const journal = new RedisJournal(redis, reader, tagTimes, serverTime, {
    namespace,
    member: randomUUID(),
    clock,
    heartbeatMs: settings.heartbeatMs,
    disconnectedTtlMs: settings.disconnectedTtlMs,
    timeoutMs: hardTimeoutMs,
    keepTagsMs,
    wake: (key) => wakeCalls.wake(key),
  });
  const redisParts: RedisParts = {
    level,
    serverTime,
    wakeCalls,
    softTimeoutMs,
    hardTimeoutMs,
    askTags: (tags, at, timeoutMs) => journal.askTags(tags, at, timeoutMs),
  };
  return { journal, redisParts };
}
