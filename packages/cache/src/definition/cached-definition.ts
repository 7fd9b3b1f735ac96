import { type CacheMessage, InvalidArgumentError, kindOf, toMs } from "@upshift/foundation";
import { abortable } from "../flight/abortable.ts";
import { definitionTag } from "../invalidation/tag-times.ts";
import type { News } from "../journal/news.ts";
import { normalizeKey } from "../key/normalize-key.ts";
import type { Core } from "./core.ts";
import type {
  Definition,
  DefinitionOptions,
  InvalidateOptions,
  InvalidationResult,
  PatchOptions,
  ReadOptions,
  RemoveOptions,
  SetOptions,
} from "./definition-options.ts";
import type { Keeper, Reading } from "./keeper.ts";
import { storeValue, writeValueThrough } from "../write-through/store-value.ts";
import type { WriteBehindStore } from "../write-behind/write-behind-store.ts";
import { assertConsistency, assertTags } from "./assert-definition.ts";
import { OfType } from "./of-type.ts";

/** See {@link Definition}. */
export class CachedDefinition<Input, Value> implements Definition<Input, Value> {
  readonly name: string;
  readonly pending: WriteBehindStore<Input, Value> | undefined;
  readonly #keeper: Keeper;
  readonly #core: Core;
  readonly #options: DefinitionOptions<Input, Value>;
  readonly #toKey: ((input: Input) => unknown) | undefined;
  readonly #isCloned: boolean;
  readonly #refuseClosed: () => void;
  readonly #values = new OfType<Value | undefined>();
  readonly #promises = new OfType<Promise<Value | undefined>>();

  constructor(
    keeper: Keeper,
    options: DefinitionOptions<Input, Value>,
    pending: WriteBehindStore<Input, Value> | undefined,
    refuseClosed: () => void,
  ) {
    this.pending = pending;
    this.name = keeper.name;
    this.#keeper = keeper;
    this.#core = keeper.core;
    this.#options = options;
    this.#toKey = options.key;
    this.#isCloned = keeper.policy.results === "cloned";
    this.#refuseClosed = refuseClosed;
  }

  peek(input: Input): Value | undefined {
    const key = this.keyOf(input);
    const entry = this.#keeper.quiet(key) ?? this.#keeper.fresh(key);
    if (entry === undefined) return undefined;
    const value = this.#values.given(entry.value);
    return this.#isCloned ? structuredClone(value) : value;
  }

  get(input: Input, options?: ReadOptions): Promise<Value | undefined> {
    let key: string;
    try {
      key = this.keyOf(input);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#core.channel.start.hasSubscribers) return this.#getTraced(key, input, options);
    const entry = this.#keeper.quiet(key);
    if (this.#isCloned || options !== undefined) return this.#getSlowly(key, input, options);
    if (entry === undefined) {
      if (this.#core.closing.aborted) return this.#getSlowly(key, input, options);
      return this.#promises.given(this.#keeper.read(key, input));
    }
    this.#keeper.counters.memoryHits += 1;
    return this.#promises.given(entry.promise);
  }

  async getMany(
    inputs: readonly Input[],
    options?: ReadOptions,
  ): Promise<readonly (Value | undefined)[]> {
    if (!Array.isArray(inputs))
      throw new InvalidArgumentError("`inputs` as a list", kindOf(inputs));
    return await Promise.all(inputs.map((input) => this.get(input, options)));
  }

  async set(input: Input, value: Value, options: SetOptions = {}): Promise<InvalidationResult> {
    const { channel, namespace } = this.#core;
    if (!channel.start.hasSubscribers) return await this.#set(input, value, options);
    const key = this.keyOf(input);
    const message: CacheMessage = { operation: "set", namespace, definition: this.name, key };
    return await channel.tracePromise(async () => {
      const result = await this.#set(input, value, options);
      message.status = result.status;
      return result;
    }, message);
  }

  async #set(input: Input, value: Value, options: SetOptions): Promise<InvalidationResult> {
    this.#refuseClosed();
    options.signal?.throwIfAborted();
    const write = {
      key: this.keyOf(input),
      tags: [
        ...assertTags(options.tags ?? []),
        ...assertTags(this.#options.tags?.(input, value) ?? []),
      ],
      ttlMs: options.ttl === undefined ? undefined : toMs(options.ttl, "ttl"),
      isStrict: this.#isStrict(options),
    };
    if (this.pending !== undefined) {
      const { signal } = options;
      const { pending } = this;
      const version = await this.#handIn(write.key, () => pending.put(input, value, { signal }));
      return { status: await storeValue(this.#keeper, { ...write, value, version }) };
    }
    const through = this.#options.write;
    if (through?.kind !== "through")
      return { status: await storeValue(this.#keeper, { ...write, value }) };
    const save = async (): Promise<unknown> => {
      const saved = await through.save(input, value, { signal: options.signal });
      return saved === undefined ? value : saved;
    };
    return { status: await writeValueThrough(this.#keeper, write, save) };
  }

  async patch(
    input: Input,
    patch: Partial<Value>,
    options: PatchOptions = {},
  ): Promise<InvalidationResult> {
    this.#refuseClosed();
    if (this.pending === undefined)
      throw new InvalidArgumentError(
        `\`write: writeBehind(…, { mode: "patch" })\` in the definition of \`${this.name}\`, to patch its values`,
        undefined,
      );
    const key = this.keyOf(input);
    const { signal } = options;
    const { pending } = this;
    await this.#handIn(key, () => pending.patch(input, patch, { signal }));
    return await this.#apply(["key", this.name, key, 0], options);
  }

  async delete(input: Input, options: RemoveOptions = {}): Promise<InvalidationResult> {
    const holdMs = options.hold === undefined ? 0 : toMs(options.hold, "hold");
    return await this.#apply(["key", this.name, this.keyOf(input), holdMs], options);
  }

  async expire(input: Input, options: InvalidateOptions = {}): Promise<InvalidationResult> {
    return await this.#apply(["expire", this.name, this.keyOf(input)], options);
  }

  async clear(options: InvalidateOptions = {}): Promise<InvalidationResult> {
    return await this.#apply(["tag", definitionTag(this.name)], options);
  }

  keyOf(input: Input): string {
    return normalizeKey(this.#toKey === undefined ? input : this.#toKey(input));
  }

  /**
   * Hands a change to write-behind. What is cached goes at the same time, so that a process that ends in between, or never learns how it went, leaves nothing behind that the
   * database will not have.
   */
  async #handIn(key: string, hand: () => Promise<string>): Promise<string> {
    const { redis, applier } = this.#core;
    const removed = redis?.level
      .remove(this.#keeper.redisKey(key), 0)
      .catch((error: unknown) => this.#core.onError(error));
    try {
      const version = await hand();
      await removed;
      return version;
    } catch (error) {
      // It may have been accepted all the same.
      await applier.apply([["key", this.name, key, 0]], false);
      throw error;
    }
  }

  #getTraced(
    key: string,
    input: Input,
    options: ReadOptions | undefined,
  ): Promise<Value | undefined> {
    const { channel, namespace } = this.#core;
    const message: CacheMessage = { operation: "get", namespace, definition: this.name, key };
    const reading: Reading = { outcome: undefined, flight: undefined };
    return channel.tracePromise(async () => {
      const value = await this.#getSlowly(key, input, options, reading);
      const outcome = reading.outcome ?? reading.flight?.outcome;
      if (outcome !== undefined) message.outcome = outcome;
      return value;
    }, message);
  }

  async #getSlowly(
    key: string,
    input: Input,
    options: ReadOptions | undefined,
    reading?: Reading,
  ): Promise<Value | undefined> {
    this.#refuseClosed();
    const { signal } = options ?? {};
    signal?.throwIfAborted();
    const value = this.#values.given(
      await abortable(this.#keeper.read(key, input, reading), signal),
    );
    return this.#isCloned ? structuredClone(value) : value;
  }

  async #apply(news: News, options: InvalidateOptions): Promise<InvalidationResult> {
    this.#refuseClosed();
    this.#keeper.counters.invalidations += 1;
    return { status: await this.#core.applier.apply([news], this.#isStrict(options)) };
  }

  #isStrict({ consistency }: InvalidateOptions): boolean {
    assertConsistency(consistency);
    return consistency === undefined ? this.#keeper.policy.isStrict : consistency === "strict";
  }
}
