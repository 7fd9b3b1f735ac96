import { setMaxListeners } from "node:events";
import { InvalidArgumentError } from "@upshift/foundation";
import { CacheClosedError } from "./cache-errors.ts";
import type { CacheOptions, Events, PayloadOf } from "./cache-options.ts";
import { checkedName, checkedSettings } from "./cache-settings.ts";
import { assertConsistency, assertDefinition } from "./definition/assert-definition.ts";
import { CachedDefinition } from "./definition/cached-definition.ts";
import type { Core } from "./definition/core.ts";
import type {
  Definition,
  DefinitionOptions,
  InvalidateOptions,
  InvalidationResult,
} from "./definition/definition-options.ts";
import { Keeper } from "./definition/keeper.ts";
import { openCore } from "./definition/open-core.ts";
import { DefinedSource } from "./definition/source.ts";
import type { Entry } from "./entry/entry.ts";
import { asExpiry, assertTargets, type Target } from "./invalidation/target.ts";
import type { News } from "./journal/news.ts";
import { normalizeKey } from "./key/normalize-key.ts";
import { approximateSizeBytes } from "./memory/approximate-size.ts";
import { createMemoryLevel, type MemoryLevel } from "./memory/memory-level.ts";
import { type PolicyOptions, resolvePolicy } from "./policy/policy.ts";
import type { Breaker } from "./redis-level/breaker.ts";
import type { CacheStats } from "./watch/cache-stats.ts";
import { openWriteBehind } from "./write-behind/open-write-behind.ts";
import type { WriteBehind } from "./write-behind/write-behind.ts";
import type { WriteBehindStore } from "./write-behind/write-behind-store.ts";

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
  readonly #breaker: Breaker | undefined;
  readonly #closing = new AbortController();
  readonly #stores: { close(): Promise<void> }[] = [];
  #isClosing = false;

  constructor(options: CacheOptions<E>) {
    this.#options = options;
    const settings = checkedSettings(options);
    this.namespace = settings.namespace;
    // Every load that runs listens to it.
    setMaxListeners(0, this.#closing.signal);
    this.#memory = createMemoryLevel<Entry>(settings.memory);
    this.#sizeOf = settings.memory.maxBytes === undefined ? () => 0 : approximateSizeBytes;
    const { core, breaker } = openCore(settings, {
      keepers: this.#keepers,
      closing: this.#closing.signal,
      onError: (error) => this.#report(error),
    });
    this.#core = core;
    this.#breaker = breaker;
  }

  define<Input, Value>(
    name: string,
    options: DefinitionOptions<Input, Value>,
  ): Definition<Input, Value> {
    this.#refuseClosed();
    checkedName("name", name);
    if (this.#keepers.has(name))
      throw new InvalidArgumentError("a name of a definition that is not taken", name);
    assertDefinition(name, options);
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
    return await this.#apply(assertTargets(targets).map(asExpiry), false);
  }

  async emit<Name extends keyof E & string>(
    event: Name,
    payload: PayloadOf<E[Name]>,
    { consistency }: InvalidateOptions = {},
  ): Promise<InvalidationResult> {
    assertConsistency(consistency);
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
        isInSync: this.#core.journal.isInSync,
        queuedInvalidationCount: this.#core.applier.pendingCount,
      },
    };
  }

  async ready(): Promise<boolean> {
    return this.#core.journal.isInSync || (await this.#core.journal.sync());
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    // Once begun, nothing new is taken; what is pending is written first, while the cache can still be told.
    this.#isClosing = true;
    await Promise.all(this.#stores.map((store) => store.close()));
    this.#closing.abort(new CacheClosedError(this.namespace));
    await this.#core.applier.flush();
    this.#core.applier.close();
    await this.#core.journal.close();
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
    return { status: await this.#core.applier.apply(news, isStrict) };
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
        await this.#core.applier.apply(
          keys.map((key) => ["key", name, key, 0]),
          false,
        );
      },
    });
    this.#stores.push(store);
    return store;
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
  assertTargets(targets).map(({ news }) => news);

/** The types of event and payload were compared when `emit` was called. */
function call(
  targetsOf: (payload: never) => Target | readonly Target[],
  payload: unknown,
): readonly Target[] {
  const targets: Target | readonly Target[] = Reflect.apply(targetsOf, undefined, [payload]);
  return [targets].flat();
}
