import type { Entry } from "../entry/entry.ts";
import type { StoredValue } from "../entry/stored-value.ts";
import type { Flight } from "../flight/flight.ts";
import type { LoadNotes } from "../flight/load-context.ts";
import type { Policy } from "../policy/policy.ts";
import type { Counters } from "../watch/counters.ts";
import type { Core, RedisParts } from "./core.ts";

/** What a load needs of the definition that it is for. */
export interface DefinitionParts {
  readonly name: string;
  readonly core: Core;
  readonly policy: Policy;
  readonly counters: Counters;
  redisKey(key: string): string;
  callLoader(flight: Flight, notes: LoadNotes): unknown;
  tagsOf(flight: Flight, value: unknown): readonly string[];
  /** Decimal text, or nothing. */
  versionOf(value: unknown): string;
  /** As readers are to get it. */
  prepared(value: unknown): unknown;
  storedOf(entry: Entry, redis: RedisParts): StoredValue;
  /** Whether its time is not over, for whatever use, and nothing has invalidated it since the flight began. */
  isAlive(flight: Flight, entry: Entry): boolean;
  /** Whether it does when no newer one is to be had. */
  canFallBack(flight: Flight, entry: Entry): boolean;
  /** Whether it is fresh and a load for the next one should begin. */
  isDue(entry: Entry): boolean;
  /** Whether it may be given out while a load is on its way. */
  mayServeWhileLoading(flight: Flight, entry: Entry): boolean;
  /** Puts it into memory, unless it was invalidated since the flight began. */
  keep(flight: Flight, entry: Entry, sizeBytes?: number): void;
  answerFresh(flight: Flight, entry: Entry): void;
  answerLoaded(flight: Flight, value: unknown): void;
  answerStale(flight: Flight, entry: Entry): void;
  /** The stale value does for a while. */
  serveAfterFailure(flight: Flight, entry: Entry, forMs?: number): void;
}
