import { assertFunction } from "@upshift/foundation";
import {
  checkedSettings,
  type WriteBehindOptions,
  type WriteBehindSettings,
} from "./write-behind-options.ts";

/** A whole row, as it is to be. */
export interface ValueChange<K, V> {
  readonly key: K;
  readonly value: V;
  readonly patch?: undefined;
  /**
   * In decimal, at most 2^53; grows with every change of a key. A row that keeps it can refuse an older write: `WHERE excluded.sequence > t.sequence`. Changes of different keys are not
   * comparable by it.
   */
  readonly sequence: string;
  /** Acknowledged changes that this one stands for: merged in it, or superseded by it. */
  readonly changeCount: number;
}

/** Fields of a row, as they are to be; the others stay as they are. */
export interface PatchChange<K, V> {
  readonly key: K;
  readonly value?: undefined;
  readonly patch: Partial<V>;
  /** As of {@link ValueChange}. */
  readonly sequence: string;
  /** As of {@link ValueChange}. */
  readonly changeCount: number;
}

/** What is to be in the database for one key: `value` is there where the whole row is known. */
export type Change<K, V> = ValueChange<K, V> | PatchChange<K, V>;

export interface WriteContext {
  /** Aborts when the lease on these changes is lost, when the write takes too long, and when the process closes. Stop then: they are written again. */
  readonly signal: AbortSignal;
}

/**
 * Brings changes into the database: at most one per key in a call, all of them or none where the database can. When it resolves they are in the database; when it throws they
 * are written again. May be called again with changes that it has written already.
 */
export type ChangeWriter<C> = {
  // Written as a method, a writer of values counts as one of changes: with `mode: "value"` it is given nothing else.
  write(changes: readonly C[], context: WriteContext): Promise<void>;
}["write"];

/** A declaration: which writer, and how. Nothing runs before the cache opens it. */
export interface WriteBehind<K, V> {
  readonly kind: "behind";
  readonly writer: ChangeWriter<Change<K, V>>;
  readonly settings: WriteBehindSettings<K, V>;
}

/**
 * Declares that changes go to Redis at once, and from there to the database in batches: later changes of a key supersede or complete earlier ones on the way.
 *
 * @param writer - with `mode: "value"`, the default, every change has its whole `value`; with `mode: "patch"` one may have a `patch` only
 * @throws {InvalidArgumentError}
 */
export function writeBehind<K, V>(
  writer: ChangeWriter<ValueChange<K, V>>,
  options?: WriteBehindOptions<K, V> & { readonly mode?: "value" },
): WriteBehind<K, V>;
export function writeBehind<K, V>(
  writer: ChangeWriter<Change<K, V>>,
  options: WriteBehindOptions<K, V> & { readonly mode: "patch" },
): WriteBehind<K, V>;
export function writeBehind<K, V>(
  writer: ChangeWriter<never>,
  options?: WriteBehindOptions<K, V>,
): WriteBehind<K, V> {
  assertFunction("writer", writer);
  return { kind: "behind", writer, settings: checkedSettings(options ?? {}) };
}
