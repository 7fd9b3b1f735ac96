import type { Clock } from "@upshift/foundation";
import type { Entry } from "../entry/entry.ts";
import { type EntryState, isDue, stateOf } from "../entry/entry-state.ts";
import type { StoredValue } from "../entry/stored-value.ts";
import { fetch } from "../flight/fetch.ts";
import { Flight } from "../flight/flight.ts";
import { Flights } from "../flight/flights.ts";
import { readFirst } from "../flight/read-first.ts";
import type { LoadNotes } from "../flight/load-context.ts";
import type { Invalidated } from "../invalidation/invalidated.ts";
import { type Before, isBefore } from "../invalidation/before.ts";
import type { NamePattern } from "../invalidation/glob.ts";
import type { TagTimes } from "../invalidation/tag-times.ts";
import type { Journal } from "../journal/journal.ts";
import type { MemoryIndex } from "../memory/memory-level.ts";
import type { Policy } from "../policy/policy.ts";
import { Counters } from "../watch/counters.ts";
import { OverlappingWrites } from "../write-through/overlapping-writes.ts";
import type { Core, RedisParts } from "./core.ts";
import type { DefinitionParts } from "./definition-parts.ts";
import { deepFreeze } from "./freeze.ts";
import type { Source } from "./source.ts";

/** Filled in for those who want to know where a value came from. */
export interface Reading {
  outcome: "memory" | "stale" | "joined" | undefined;
  /** Answers it, where it is neither. */
  flight: Flight | undefined;
}

/** The entries of one definition in memory, and the loads that are under way for it. */
export class Keeper implements DefinitionParts, Invalidated {
  readonly name: string;
  readonly core: Core;
  readonly policy: Policy;
  readonly counters: Counters = new Counters();
  readonly #redisPrefix: string;
  // Beside `core`, for hits: each step on the way to them would be felt.
  readonly #turnClock: Clock;
  readonly #journal: Journal;
  readonly #tagTimes: TagTimes;
  readonly #index: MemoryIndex<Entry>;
  readonly #source: Source;
  readonly #sizeOf: (value: unknown) => number;
  readonly #flights = new Flights();
  readonly #writes = new OverlappingWrites();
  /** How long an entry is believed by itself, while it is not known that invalidations arrive. */
  readonly #ownTrustMs: number;

  constructor(parts: {
    readonly name: string;
    readonly core: Core;
    readonly policy: Policy;
    readonly index: MemoryIndex<Entry>;
    readonly source: Source;
    readonly sizeOf: (value: unknown) => number;
  }) {
    this.name = parts.name;
    this.core = parts.core;
    this.policy = parts.policy;
    // A process that was stopped goes on in the same turn, in which the clock of the turn stands still.
    this.#turnClock = parts.policy.isStrict ? parts.core.clock : parts.core.turnClock;
    this.#journal = parts.core.journal;
    this.#tagTimes = parts.core.tagTimes;
    this.#redisPrefix = `${parts.core.namespace}:${parts.name}:`;
    this.#index = parts.index;
    this.#source = parts.source;
    this.#sizeOf = parts.sizeOf;
    this.#ownTrustMs = parts.policy.isStrict ? 0 : parts.core.disconnectedTtlMs;
  }

  /** A hit: what can be given out without looking at anything else. */
  quiet(key: string): Entry | undefined {
    const entry = this.#index.get(key);
    if (entry === undefined) return undefined;
    const nowMs = this.#turnClock.now();
    return nowMs < entry.quietUntilMs &&
      nowMs < this.#journal.trustedUntilMs &&
      entry.tagVersion === this.#tagTimes.version
      ? entry
      : undefined;
  }

  /** What memory has and is fresh, looked at closely. */
  fresh(key: string): Entry | undefined {
    const entry = this.quiet(key) ?? this.#index.get(key);
    if (entry === undefined) return undefined;
    const state = this.#stateOf(key, entry);
    return state === "fresh" || state === "refresh" ? entry : undefined;
  }

  /** @returns the value, `undefined` for one that is absent */
  read(key: string, input: unknown, reading?: Reading): Promise<unknown> {
    const entry = this.#index.get(key);
    const state = entry === undefined ? "gone" : this.#stateOf(key, entry);
    if (entry !== undefined) {
      if (state === "fresh" || state === "refresh") {
        this.counters.memoryHits += 1;
        if (reading !== undefined) reading.outcome = "memory";
        if (state === "refresh") this.#refresh(key, input, entry);
        this.#slide(key, entry);
        return entry.promise;
      }
      if (state === "stale") {
        this.counters.staleServed += 1;
        if (reading !== undefined) reading.outcome = "stale";
        if (!this.#flights.has(key)) this.#start(key, input, entry).waiterCount = 0;
        return entry.promise;
      }
    }
    this.counters.misses += 1;
    const flight = this.#flights.get(key);
    if (flight !== undefined)
      return this.policy.memoryTtlMs === 0 && this.core.redis !== undefined
        ? this.#joinConfirmed(flight, input, reading)
        : this.#join(flight, reading);
    const started = this.#start(key, input, state === "gone" ? undefined : entry);
    if (reading !== undefined) reading.flight = started;
    return started.answer;
  }

  #join(flight: Flight, reading: Reading | undefined): Promise<unknown> {
    flight.waiterCount += 1;
    this.counters.stampedesAbsorbed += 1;
    if (reading !== undefined) reading.outcome = "joined";
    return flight.answer;
  }

  /** Without memory no news are waited for: what was invalidated since the flight began is asked for, and ends it for those who come later. */
  async #joinConfirmed(
    flight: Flight,
    input: unknown,
    reading: Reading | undefined,
  ): Promise<unknown> {
    await this.core.journal.confirm();
    const current = this.#flights.get(flight.key);
    if (current !== undefined) return await this.#join(current, reading);
    const started = this.#start(flight.key, input, undefined);
    if (reading !== undefined) reading.flight = started;
    return await started.answer;
  }

  /** For what is stored without a load: it hears of invalidations meanwhile as a load does. */
  openFlight(key: string): Flight {
    const flight = new Flight(key, undefined);
    flight.begin(this.core.journal.clock, this.core.tagTimes.ordinal);
    this.#flights.addAlone(flight);
    return flight;
  }

  closeFlight(flight: Flight): void {
    this.#flights.end(flight);
  }

  /** See {@link OverlappingWrites.begin}. */
  beginWrite(key: string): () => boolean {
    return this.#writes.begin(key);
  }

  /** Nothing that was known before can be believed. */
  forgetAll(): void {
    this.#index.clear();
    this.#flights.voidAll();
  }

  forget(key: string, before: Before): void {
    const entry = this.#index.get(key);
    if (entry !== undefined && isBefore(entry, before)) this.#index.delete(key);
    this.#flights.void(before, (each) => each === key, true);
  }

  expire(key: string, before: Before): void {
    const entry = this.#index.get(key);
    if (entry !== undefined && isBefore(entry, before)) entry.expire();
    // Its loads store nothing, and may fall back on what was expired.
    this.#flights.void(before, (each) => each === key, false);
  }

  forgetMatching(pattern: NamePattern, before: Before): void {
    const matches = (key: string): boolean => pattern.test(`${this.name}:${key}`);
    for (const key of Array.from(this.#index.keys())) {
      if (!matches(key)) continue;
      const entry = this.#index.get(key);
      if (entry !== undefined && isBefore(entry, before)) this.#index.delete(key);
    }
    this.#flights.void(before, matches, true);
  }

  leaveFlights(before: Before): void {
    this.#flights.leave(before);
  }

  redisKey(key: string): string {
    return this.#redisPrefix + key;
  }

  callLoader(flight: Flight, notes: LoadNotes): unknown {
    return this.#source.load(flight, notes);
  }

  tagsOf(flight: Flight, value: unknown): readonly string[] {
    return value === undefined ? [] : this.#source.tagsOf(flight.input, value);
  }

  versionOf(value: unknown): string {
    return value === undefined ? "" : this.#source.versionOf(value);
  }

  prepared(value: unknown): unknown {
    if (this.policy.results === "frozen") deepFreeze(value);
    return value;
  }

  storedOf(entry: Entry, { serverTime }: RedisParts): StoredValue {
    return {
      value: entry.value,
      isAbsent: entry.isAbsent,
      softUntilMs: serverTime.toServer(entry.softUntilMs),
      hardUntilMs: serverTime.toServer(entry.hardUntilMs),
      clock: entry.clock,
      ttlMs: entry.ttlMs,
      loadMs: entry.loadMs,
      tags: entry.tags,
    };
  }

  isAlive(flight: Flight, entry: Entry): boolean {
    return (
      this.core.clock.now() < entry.hardUntilMs &&
      !entry.isAbsent &&
      !flight.isForgotten &&
      !this.#tagTimes.isVoid(entry, this.name)
    );
  }

  canFallBack(flight: Flight, entry: Entry): boolean {
    return this.policy.keepForMs > 0 && this.isAlive(flight, entry);
  }

  mayServeWhileLoading(flight: Flight, entry: Entry): boolean {
    return (
      this.canFallBack(flight, entry) &&
      this.core.clock.now() < entry.softUntilMs + this.policy.staleForMs
    );
  }

  keep(flight: Flight, entry: Entry, sizeBytes?: number): void {
    if (flight.isVoid || this.policy.memoryTtlMs === 0) return;
    if (this.core.closing.aborted || this.core.clock.now() >= entry.hardUntilMs) return;
    this.#index.set(flight.key, entry, sizeBytes ?? this.#sizeOf(entry.value));
  }

  answerFresh(flight: Flight, entry: Entry): void {
    if (!flight.isAnswered) flight.succeed(entry.value, "redis");
    this.#slide(flight.key, entry);
  }

  answerLoaded(flight: Flight, value: unknown): void {
    if (!flight.isAnswered) flight.succeed(value, "load");
  }

  answerStale(flight: Flight, entry: Entry): void {
    if (flight.isAnswered) return;
    this.counters.staleServed += flight.waiterCount;
    flight.succeed(entry.value, "stale");
  }

  serveAfterFailure(flight: Flight, entry: Entry, forMs?: number): void {
    const { clock } = this.core;
    entry.holdUntil(clock.now() + Math.min(forMs ?? Infinity, this.policy.throttleMs));
    this.keep(flight, entry);
    this.answerStale(flight, entry);
  }

  #stateOf(key: string, entry: Entry): EntryState {
    const state = stateOf(entry, this, this.#ownTrustMs);
    if (state === "gone") this.#index.delete(key);
    return state;
  }

  isDue(entry: Entry): boolean {
    return isDue(entry, this);
  }

  #refresh(key: string, input: unknown, entry: Entry): void {
    entry.stopRefreshing();
    if (this.#flights.has(key)) return;
    this.counters.earlyRefreshes += 1;
    this.#start(key, input, entry, true).waiterCount = 0;
  }

  #slide(key: string, entry: Entry): void {
    const { slidingMs } = this.policy;
    const nowMs = this.core.clock.now();
    if (slidingMs === undefined || entry.isAbsent || nowMs < entry.touchAtMs) return;
    entry.slide(nowMs, slidingMs);
    const { redis } = this.core;
    if (redis?.level.allows() === true)
      redis.level
        .touch(this.redisKey(key), slidingMs)
        .catch((error: unknown) => this.core.onError(error));
  }

  #start(key: string, input: unknown, entry: Entry | undefined, isEarly = false): Flight {
    const flight = new Flight(key, input);
    this.#flights.add(flight);
    const { redis, applier } = this.core;
    if (
      redis === undefined ||
      isEarly ||
      applier.isPending(this.name, key) ||
      !redis.level.allows()
    ) {
      void this.#fly(flight, fetch(this, flight, entry, isEarly));
      return flight;
    }
    readFirst(this, flight, redis, entry, {
      goOn: (text) => void this.#fly(flight, fetch(this, flight, entry, false, text)),
      end: () => this.#flights.end(flight),
    });
    return flight;
  }

  async #fly(flight: Flight, flying: Promise<void>): Promise<void> {
    try {
      await flying;
    } catch (error) {
      if (flight.isAnswered || flight.waiterCount === 0) this.core.onError(error);
      flight.fail(error);
    } finally {
      this.#flights.end(flight);
    }
  }
}
