import type { Duration } from "@upshift/foundation";
import type { LoadContext } from "../flight/load-context.ts";
import type { PolicyOptions } from "../policy/policy.ts";
import type { WriteBehind } from "../write-behind/write-behind.ts";
import type { WriteBehindStore } from "../write-behind/write-behind-store.ts";
import type { WriteThrough } from "../write-through/write-through.ts";

export interface DefinitionOptions<Input, Value> {
  /** Name of one of the cache's policies, or the policy itself. Default: the policy of the definition's name, if there is one. */
  readonly policy?: string | PolicyOptions;
  /** What of the input makes the key: text, a number, or any structure of plain values. Default: the input itself. */
  readonly key?: (input: Input) => unknown;
  /** Brings a value from where it comes from; `undefined` says that there is none. */
  readonly load?: (input: Input, context: LoadContext<Value>) => Loaded<Value>;
  /** Brings many values at once: as many as inputs, in their order. Loads of one turn of the event loop are brought together. */
  readonly loadMany?: (
    inputs: readonly Input[],
    context: { readonly signal: AbortSignal },
  ) => Promise<readonly (Value | undefined)[]> | readonly (Value | undefined)[];
  /** Most inputs of one `loadMany`. Default is 500. */
  readonly batch?: number;
  /** What `set` does with the database. Default: nothing, it stores in the cache alone. */
  readonly write?: WriteThrough<Input, Value> | WriteBehind<Input, Value>;
  /** Tags of a value; a loader can add more. */
  readonly tags?: (input: Input, value: Value) => readonly string[];
  /** A number that grows with every change of the row, such as its revision: an older one never takes the place of a newer one. */
  readonly version?: (value: Value) => number | bigint;
}

type Loaded<Value> = Promise<Value | undefined> | Value | undefined;

export interface ReadOptions {
  /** Ends the wait with `signal.reason`; the load goes on for others. */
  readonly signal?: AbortSignal | undefined;
}

export interface InvalidateOptions {
  /** Waits until no process can give out the old value. Default: as the policy says; `eventual` for tags and patterns. */
  readonly consistency?: "eventual" | "strict";
}

export interface RemoveOptions extends InvalidateOptions {
  /** For so long nothing is stored: for a loader that reads from a replica, the lag of that replica. Default: 0. */
  readonly hold?: Duration;
}

/** What became of an invalidation. */
export interface InvalidationResult {
  /**
   * `applied`: gone from Redis, and every process was told. `queued`: gone from this process; Redis could not be reached, and is told as soon as it can be. `local`:
   * gone from this process, and there is no Redis.
   */
  readonly status: "applied" | "queued" | "local";
}

/** The values of one kind. */
export interface Definition<Input, Value> {
  readonly name: string;
  /** The text under which a value is kept. */
  keyOf(input: Input): string;
  /** The value from memory, from Redis or from the loader. `undefined` when there is none. */
  get(input: Input, options?: ReadOptions): Promise<Value | undefined>;
  /** As many values as inputs, in their order. */
  getMany(inputs: readonly Input[], options?: ReadOptions): Promise<readonly (Value | undefined)[]>;
  /** What memory has, if it is fresh: no promise, no Redis, no load. */
  peek(input: Input): Value | undefined;
  /**
   * Stores a value. With `writeThrough` in the database first; with `writeBehind` where it cannot be lost, to be written to the database soon. Loads under way store nothing.
   *
   * @throws what the writer throws, {@link CacheValueError}
   */
  set(input: Input, value: Value, options?: SetOptions): Promise<InvalidationResult>;
  /**
   * Changes some fields of what `writeBehind` writes in `mode: "patch"`. Reads see them at once.
   *
   * @throws {InvalidArgumentError} for a definition without `writeBehind`
   */
  patch(input: Input, patch: Partial<Value>, options?: PatchOptions): Promise<InvalidationResult>;
  /** What `writeBehind` has not written yet: to wait for it, and to see to what the database refused. */
  readonly pending: WriteBehindStore<Input, Value> | undefined;
  /** Removes a value, from all levels and all processes. Loads under way store nothing. */
  delete(input: Input, options?: RemoveOptions): Promise<InvalidationResult>;
  /** Keeps a value only for when the next load fails. */
  expire(input: Input, options?: InvalidateOptions): Promise<InvalidationResult>;
  /** Removes all values of this definition. */
  clear(options?: InvalidateOptions): Promise<InvalidationResult>;
}

export interface PatchOptions extends InvalidateOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface SetOptions extends InvalidateOptions {
  readonly tags?: readonly string[];
  /** In place of the policy's. */
  readonly ttl?: Duration;
  readonly signal?: AbortSignal | undefined;
}
