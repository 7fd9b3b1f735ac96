import { randomUUID } from "node:crypto";
import type { Keeper } from "../definition/keeper.ts";
import type { Entry } from "../entry/entry.ts";
import { newEntry } from "../entry/new-entry.ts";
import { writeStored } from "../entry/stored-value.ts";
import type { Flight } from "../flight/flight.ts";
import type { InvalidationStatus } from "../invalidation/applier.ts";
import type { News } from "../journal/news.ts";

/** What is the same for every way to write. */
export interface Write {
  readonly key: string;
  readonly tags: readonly string[];
  /** In place of the policy's. */
  readonly ttlMs: number | undefined;
  readonly isStrict: boolean;
}

/** How long a write to the database may take before others take it that this process is gone. */
const WRITE_MS = 30_000;

/**
 * Stores a value in Redis and memory, and tells the others. Loads that began before store nothing.
 *
 * @throws {CacheValueError} when Redis cannot hold it, and what `version` throws, before anything is done
 */
export async function storeValue(
  keeper: Keeper,
  write: Write & { readonly value: unknown; readonly version?: string },
): Promise<InvalidationStatus> {
  const { redis, clock } = keeper.core;
  const flight = keeper.openFlight(write.key);
  try {
    const { entry, text, version } = prepare(keeper, flight, write);
    return await finish(keeper, flight, entry, write, text.length, async () => {
      flight.begin(keeper.core.journal.clock, keeper.core.tagTimes.ordinal);
      if (redis === undefined) return true;
      const keepMs = entry === undefined ? 0 : entry.hardUntilMs - clock.now();
      const { level, serverTime, hardTimeoutMs } = redis;
      const untilMs = serverTime.isKnown
        ? serverTime.toServer(clock.now() + hardTimeoutMs)
        : undefined;
      return await level.put(keeper.redisKey(write.key), text, keepMs, version, untilMs);
    });
  } finally {
    keeper.closeFlight(flight);
  }
}

/**
 * The database first, then Redis and memory.
 *
 * While the database is being written to, loads store nothing, in any process; a process that does not live to the end leaves the old value in Redis for no longer than 30 s, and in the memory of others for their `l1Ttl`.
 *
 * @param save - writes to the database, and gives the value to be kept
 * @throws what `save` throws; the cached value is removed then
 */
export async function writeValueThrough(
  keeper: Keeper,
  write: Write,
  save: () => Promise<unknown>,
): Promise<InvalidationStatus> {
  const { key, isStrict } = write;
  const { redis, clock, applier } = keeper.core;
  const token = randomUUID();
  const endLocally = keeper.beginWrite(key);
  const flight = keeper.openFlight(key);
  try {
    if (redis?.level.allows() === true)
      await redis.level
        .beginWrite(keeper.redisKey(key), token, WRITE_MS)
        .catch((error: unknown) => keeper.core.onError(error));
    let value: unknown;
    try {
      value = await save();
    } catch (error) {
      endLocally();
      await applier.apply([["key", keeper.name, key, 0]], isStrict, async () => {
        await redis?.level.endWrite(keeper.redisKey(key), token, "", 0, "");
      });
      throw error;
    }
    const wasAlone = endLocally();
    // What was invalidated since the write began may be newer than what it wrote: the flight has heard of it, and the entry is as old as the flight.
    const isOvertaken = flight.isVoid;
    const { entry, text, version } = prepareOrNothing(keeper, flight, { ...write, value });
    return await finish(keeper, flight, entry, write, text.length, async () => {
      flight.begin(keeper.core.journal.clock, keeper.core.tagTimes.ordinal);
      const isNewest = !isOvertaken && (wasAlone || version !== "");
      if (redis === undefined) return wasAlone && !isOvertaken;
      const keepMs = entry === undefined ? 0 : entry.hardUntilMs - clock.now();
      return await redis.level.endWrite(
        keeper.redisKey(key),
        token,
        isNewest ? text : "",
        keepMs,
        version,
      );
    });
  } finally {
    keeper.closeFlight(flight);
  }
}

/** @param toRedis - tells whether the value is there now */
async function finish(
  keeper: Keeper,
  flight: Flight,
  entry: Entry | undefined,
  { key, isStrict }: Write,
  sizeBytes: number,
  toRedis: () => Promise<boolean>,
): Promise<InvalidationStatus> {
  const { applier, tagTimes } = keeper.core;
  let isStored = false;
  const news: News = ["set", keeper.name, key];
  keeper.counters.invalidations += 1;
  const status = await applier.apply([news], isStrict, async () => {
    isStored = await toRedis();
  });
  if (entry === undefined || !isStored || status === "queued") return status;
  if (tagTimes.isVoid(entry, keeper.name) || tagTimes.isExpired(entry, keeper.name)) return status;
  if (!applier.isHeld(keeper.name, key))
    keeper.keep(flight, entry, sizeBytes === 0 ? undefined : sizeBytes);
  return status;
}

interface Prepared {
  /** `undefined`: it is not to be kept, and what is there has to go. */
  readonly entry: Entry | undefined;
  /** For Redis; empty where nothing is to be stored there. */
  readonly text: string;
  /** Decimal text, or nothing. */
  readonly version: string;
}

/** The database has it: what Redis cannot hold is only removed from there. */
function prepareOrNothing(
  keeper: Keeper,
  flight: Flight,
  write: Write & { readonly value: unknown },
): Prepared {
  try {
    return prepare(keeper, flight, write);
  } catch (error) {
    keeper.core.onError(error);
    return { entry: undefined, text: "", version: "" };
  }
}

function prepare(
  keeper: Keeper,
  flight: Flight,
  {
    value: given,
    tags,
    ttlMs,
    version,
  }: Write & {
    readonly value: unknown;
    readonly version?: string;
  },
): Prepared {
  const { redis, codec, clock } = keeper.core;
  const value = keeper.prepared(given);
  const entry = newEntry(keeper, {
    value,
    tags,
    ttlMs,
    loadMs: 0,
    seen: flight,
    confirmedAtMs: clock.now(),
  });
  return {
    entry,
    text:
      redis === undefined || entry === undefined
        ? ""
        : writeStored(keeper.storedOf(entry, redis), codec),
    version: version ?? keeper.versionOf(value),
  };
}
