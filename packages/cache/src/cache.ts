import { randomUUID } from "node:crypto";
import { tracingChannel } from "node:diagnostics_channel";
import { setMaxListeners } from "node:events";
import {
  CACHE_CHANNEL,
  type CacheMessage,
  InvalidArgumentError,
  systemClock,
  toMs,
} from "@upshift/foundation";
import { escapeGlob, type Redis, removeByPattern } from "@upshift/redis";
import { CacheClosedError } from "./cache-errors.ts";
import type { CacheOptions, Events, PayloadOf } from "./cache-options.ts";
import { defaultCodec } from "./codec/default-codec.ts";
import { CachedDefinition } from "./definition/cached-definition.ts";
import type { Core, RedisParts } from "./definition/core.ts";
import type {
  Definition,
  DefinitionOptions,
  InvalidateOptions,
  InvalidationResult,
} from "./definition/definition-options.ts";
import { Keeper } from "./definition/keeper.ts";
import { DefinedSource } from "./definition/source.ts";
import type { Entry } from "./entry/entry.ts";
import { Applier, type RedisRemoval } from "./invalidation/applier.ts";
import { TagTimes } from "./invalidation/tag-times.ts";
import { asExpiry, type Target } from "./invalidation/target.ts";
import type { Journal, JournalReader } from "./journal/journal.ts";
import { normalizeKey } from "./key/normalize-key.ts";
import { LocalJournal } from "./journal/local-journal.ts";
import type { News } from "./journal/news.ts";
import { RedisJournal } from "./journal/redis-journal.ts";
import { ServerTime } from "./journal/server-time.ts";
import { approximateSizeBytes } from "./memory/approximate-size.ts";
import { CoarseClock } from "./memory/coarse-clock.ts";
import { createMemoryLevel, type MemoryLevel } from "./memory/memory-level.ts";
import { type PolicyOptions, resolvePolicy } from "./policy/policy.ts";
import { Breaker } from "./redis-level/breaker.ts";
import { RedisLevel } from "./redis-level/redis-level.ts";
import { WakeCalls } from "./redis-level/wake-calls.ts";
import { parseBytes } from "./memory/parse-bytes.ts";
import { openWriteBehind } from "./write-behind/open-write-behind.ts";
import type { WriteBehind } from "./write-behind/write-behind.ts";
import type { WriteBehindStore } from "./write-behind/write-behind-store.ts";
import type { CacheStats } from "./watch/cache-stats.ts";

/** Values in memory and Redis that cannot outlive their invalidation. */
export interface Cache<E extends Events = Events> {
  readonly namespace: string;
  /**
   * A kind of value: how its keys are made, where its values come from, how they are kept.
   *
   * @param name - letters, digits, `.`, `_`, `-`; the same in all processes
   * @throws {InvalidArgumentError} for a name that is taken, or options that cannot work
   */
  define<Input, Value>(
    name: string,
    options: DefinitionOptions<Input, Value>,
  ): Definition<Input, Value>;
  /** Removes what the targets name, in all levels and all processes. */
  invalidate(...targets: readonly Target[]): Promise<InvalidationResult>;
  /** The same, answered when no process can give out an old value any more. @throws {CacheNotAcknowledgedError} */
  invalidateStrictly(...targets: readonly Target[]): Promise<InvalidationResult>;
  /** Keeps what the targets name only for when a load fails. */
  expire(...targets: readonly Target[]): Promise<InvalidationResult>;
  /** Invalidates what the event says. */
  emit<Name extends keyof E & string>(
    event: Name,
    payload: PayloadOf<E[Name]>,
    options?: InvalidateOptions,
  ): Promise<InvalidationResult>;
  stats(): CacheStats;
  /** Resolves when it is known what other processes have invalidated, at once without Redis. Nobody has to wait for it. @returns whether it could be learned */
  ready(): Promise<boolean>;
  /** Aborts loads, tells Redis what it has not taken yet, and ends every timer. The Redis that was given stays open. */
  close(): Promise<void>;
}

const NAME = /^[A-Za-z0-9._-]+$/;

/** @throws {InvalidArgumentError} for options that cannot work */
export function createCache<E extends Events = Events>(options: CacheOptions<E> = {}): Cache<E> {
  return new LeveledCache(options);
}

class LeveledCache<E extends Events> implements Cache<E> {
  readonly namespace: string;
  readonly #options: CacheOptions<E>;
  readonly #memory: MemoryLevel<Entry>;
  readonly #sizeOf: (value: unknown) => number;
  readonly #keepers = new Map<string, Keeper>();
  readonly #core: Core;
  readonly #applier: Applier;
  readonly #journal: Journal;
  readonly #breaker: Breaker | undefined;
  readonly #closing = new AbortController();
  readonly #stores: { close(): Promise<void> }[] = [];
  #isClosing = false;
  #longestKeepMs = 0;

  constructor(options: CacheOptions<E>) {
    const { namespace = "cache", redis, l1 = {}, l2 = {}, backplane = {} } = options;
    this.namespace = checkedName("namespace", namespace);
    this.#options = options;
    // Every load that runs listens to it.
    setMaxListeners(0, this.#closing.signal);
    const { clock = systemClock, random = Math.random } = options;
    const { maxBytes, ...bounds } = l1;
    const bytes = maxBytes === undefined ? {} : { maxBytes: parseBytes(maxBytes, "l1.maxBytes") };
    this.#memory = createMemoryLevel<Entry>({ ...bounds, ...bytes });
    this.#sizeOf = maxBytes === undefined ? () => 0 : approximateSizeBytes;
    const onError = (error: unknown): void => this.#report(error);
    const tagTimes = new TagTimes();
    const hardTimeoutMs = toMs(l2.hardTimeout ?? 250, "l2.hardTimeout");
    const disconnectedTtlMs = toMs(backplane.disconnectedTtl ?? 5_000, "backplane.disconnectedTtl");
    const breaker = new Breaker(
      clock,
      positiveInteger("l2.breaker.after", l2.breaker?.after ?? 5),
      toMs(l2.breaker?.for ?? 5_000, "l2.breaker.for"),
    );
    const wakeCalls = new WakeCalls();
    const wakeChannel = `{${namespace}}:wake`;
    const level =
      redis === undefined ? undefined : new RedisLevel(redis, breaker, hardTimeoutMs, wakeChannel);
    this.#breaker = redis === undefined ? undefined : breaker;
    const removal =
      redis === undefined || level === undefined ? undefined : this.#removal(redis, level, breaker);
    const channel = tracingChannel<string, CacheMessage>(CACHE_CHANNEL);
    this.#applier = new Applier({
      namespace,
      channel,
      clock,
      tagTimes,
      definitions: this.#keepers,
      redis: removal,
      onError,
    });
    const reader: JournalReader = {
      onNews: (news, at, isOwn) => this.#applier.hear(news, at, isOwn),
      onMissed: () => {
        tagTimes.tick();
        for (const keeper of this.#keepers.values()) keeper.forgetAll();
      },
      onReachable: () => void this.#applier.flush(),
      onFailover: () => this.#applier.onFailover(),
      onError,
    };
    let redisParts: RedisParts | undefined;
    if (redis === undefined || level === undefined) this.#journal = new LocalJournal(reader);
    else {
      const serverTime = new ServerTime();
      const journal = new RedisJournal(redis, reader, tagTimes, serverTime, {
        namespace,
        member: randomUUID(),
        clock,
        heartbeatMs: toMs(backplane.heartbeat ?? 1_000, "backplane.heartbeat"),
        disconnectedTtlMs,
        timeoutMs: hardTimeoutMs,
        keepTagsMs: () => this.#longestKeepMs,
        wake: (key) => wakeCalls.wake(key),
      });
      this.#journal = journal;
      redisParts = {
        level,
        serverTime,
        wakeCalls,
        softTimeoutMs: Math.min(hardTimeoutMs, toMs(l2.softTimeout ?? 50, "l2.softTimeout")),
        hardTimeoutMs,
        askTags: (tags, at, timeoutMs) => journal.askTags(tags, at, timeoutMs),
      };
    }
    this.#applier.connect(this.#journal);
    this.#core = {
      namespace,
      channel,
      clock,
      coarseClock: new CoarseClock(clock),
      random,
      codec: l2.codec ?? defaultCodec,
      journal: this.#journal,
      tagTimes,
      applier: this.#applier,
      redis: redisParts,
      disconnectedTtlMs,
      closing: this.#closing.signal,
      onError,
      keeps: (keepMs) => {
        this.#longestKeepMs = Math.max(this.#longestKeepMs, keepMs);
      },
    };
  }

  define<Input, Value>(
    name: string,
    options: DefinitionOptions<Input, Value>,
  ): Definition<Input, Value> {
    this.#refuseClosed();
    checkedName("name", name);
    if (this.#keepers.has(name))
      throw new InvalidArgumentError("a name of a definition that is not taken", name);
    const { write } = options;
    const pending =
      write?.kind === "behind" ? this.#openWriteBehind(name, write, options.key) : undefined;
    const policy = resolvePolicy(name, this.#layersOf(name, options.policy));
    const keeper = new Keeper({
      name,
      core: this.#core,
      policy,
      index: this.#memory.open(name),
      source: new DefinedSource(name, options, this.#closing.signal, pending, (error) =>
        this.#report(error),
      ),
      sizeOf: this.#sizeOf,
    });
    this.#keepers.set(name, keeper);
    this.#core.keeps(policy.ttlMs + policy.keepForMs);
    return new CachedDefinition(keeper, options, pending, () => this.#refuseClosed());
  }

  async invalidate(...targets: readonly Target[]): Promise<InvalidationResult> {
    return await this.#apply(targetsNews(targets), false);
  }

  async invalidateStrictly(...targets: readonly Target[]): Promise<InvalidationResult> {
    return await this.#apply(targetsNews(targets), true);
  }

  async expire(...targets: readonly Target[]): Promise<InvalidationResult> {
    return await this.#apply(targets.map(asExpiry), false);
  }

  async emit<Name extends keyof E & string>(
    event: Name,
    payload: PayloadOf<E[Name]>,
    { consistency }: InvalidateOptions = {},
  ): Promise<InvalidationResult> {
    const { events } = this.#options;
    const targetsOf: ((payload: never) => Target | readonly Target[]) | undefined =
      events !== undefined && Object.hasOwn(events, event) ? events[event] : undefined;
    if (targetsOf === undefined)
      throw new InvalidArgumentError("the name of one of the cache's `events`", event);
    const targets = call(targetsOf, payload);
    return await this.#apply(targetsNews(targets), consistency === "strict");
  }

  stats(): CacheStats {
    const { entryCount, sizeBytes, evictedCount } = this.#memory;
    return {
      definitions: Object.fromEntries(
        Array.from(this.#keepers, ([name, { counters }]) => [name, counters.snapshot()]),
      ),
      memory: { entryCount, sizeBytes, evictedCount },
      redis: {
        breaker: this.#breaker === undefined ? "none" : this.#breaker.isOpen ? "open" : "closed",
        isInSync: this.#journal.isInSync,
        queuedInvalidationCount: this.#applier.pendingCount,
      },
    };
  }

  async ready(): Promise<boolean> {
    return this.#journal.isInSync || (await this.#journal.sync());
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    // Once begun, nothing new is taken; what is pending is written first, while the cache can still be told.
    this.#isClosing = true;
    await Promise.all(this.#stores.map((store) => store.close()));
    this.#closing.abort(new CacheClosedError(this.namespace));
    await this.#applier.flush();
    this.#applier.close();
    await this.#journal.close();
    this.#core.coarseClock.close();
    this.#core.redis?.wakeCalls.wakeAll();
    for (const keeper of this.#keepers.values()) keeper.forgetAll();
    this.#memory.clear();
  }

  async #apply(news: readonly News[], isStrict: boolean): Promise<InvalidationResult> {
    this.#refuseClosed();
    for (const each of news)
      if (each[0] === "key" || each[0] === "expire") {
        const keeper = this.#keepers.get(each[1]);
        if (keeper !== undefined) keeper.counters.invalidations += 1;
      }
    if (news.length === 0) return { status: this.#core.redis === undefined ? "local" : "applied" };
    return { status: await this.#applier.apply(news, isStrict) };
  }

  #layersOf(name: string, own: string | PolicyOptions | undefined): readonly PolicyOptions[] {
    const { defaults = {}, policies = {} } = this.#options;
    if (typeof own === "string" && !Object.hasOwn(policies, own))
      throw new InvalidArgumentError(
        `\`policy\` as one of ${Object.keys(policies).join(", ") || "the cache's policies, of which there are none"}`,
        own,
      );
    const named = typeof own === "string" ? own : name;
    const policy = Object.hasOwn(policies, named) ? policies[named] : undefined;
    return [defaults, policy ?? {}, typeof own === "object" ? own : {}];
  }

  #openWriteBehind<Input, Value>(
    name: string,
    declaration: WriteBehind<Input, Value>,
    toKey: ((input: Input) => unknown) | undefined,
  ): WriteBehindStore<Input, Value> {
    const { redis, clock, random } = this.#options;
    if (redis === undefined)
      throw new InvalidArgumentError(
        `a cache with \`redis\` for \`writeBehind\` of \`${name}\``,
        undefined,
      );
    const store = openWriteBehind(declaration, {
      redis,
      namespace: this.namespace,
      name,
      codec: this.#core.codec,
      keyOf: (input) => normalizeKey(toKey === undefined ? input : toKey(input)),
      ...(clock === undefined ? {} : { clock }),
      ...(random === undefined ? {} : { random }),
      onError: (error) => this.#report(error),
      // What readers saw will never be in the database.
      onGivenUp: async (keys) => {
        await this.#applier.apply(
          keys.map((key) => ["key", name, key, 0]),
          false,
        );
      },
    });
    this.#stores.push(store);
    return store;
  }

  #removal(redis: Redis, level: RedisLevel, breaker: Breaker): RedisRemoval {
    const keyOf = (definition: string, key: string): string =>
      `${this.namespace}:${definition}:${key}`;
    return {
      allows: () => level.isReachable && !breaker.isOpen,
      remove: (definition, key, holdMs) => level.remove(keyOf(definition, key), holdMs),
      expire: (definition, key) => level.expire(keyOf(definition, key)),
      removeMatching: async (glob) => {
        await removeByPattern(redis, `${escapeGlob(this.namespace)}:${glob}`);
      },
    };
  }

  #refuseClosed(): void {
    if (this.#isClosing) throw new CacheClosedError(this.namespace);
  }

  #report(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch {
      // A listener that fails must not take the cache with it.
    }
  }
}

const targetsNews = (targets: readonly Target[]): readonly News[] =>
  targets.map(({ news }) => news);

/** The types of event and payload were compared when `emit` was called. */
function call(
  targetsOf: (payload: never) => Target | readonly Target[],
  payload: unknown,
): readonly Target[] {
  const targets: Target | readonly Target[] = Reflect.apply(targetsOf, undefined, [payload]);
  return "news" in targets ? [targets] : targets;
}

function checkedName(what: string, name: string): string {
  if (typeof name !== "string" || !NAME.test(name))
    throw new InvalidArgumentError(`\`${what}\` of letters, digits, ".", "_" and "-"`, name);
  return name;
}

function positiveInteger(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError(`\`${name}\` as a whole number >= 1`, value);
  return value;
}
