import { IteratorSource } from "./iterator-source.ts";
import { isPlainArray, ListSource } from "./list-source.ts";
import type { ENDED, LATER } from "./pulled.ts";

/** Where items come from: one pull at a time, and closed once when it is left early. */
export interface ItemSource<Item> {
  /** A pull is on its way: the next one has to wait. */
  readonly isPulling: boolean;
  /** Nothing more comes: it ended, failed or was left. */
  readonly isExhausted: boolean;
  /**
   * Asks for one item more. After `LATER` comes `whenAnswered`.
   *
   * @throws what the source throws
   */
  pull(): Item | typeof ENDED | typeof LATER;
  /**
   * @param onPulled - called with what `pull` could not give yet, at the moment from which on the pull is no longer on its way
   * @param onError - called instead with what the source throws
   */
  whenAnswered(
    onPulled: (pulled: Item | typeof ENDED) => void,
    onError: (error: unknown) => void,
  ): void;
  /**
   * Leaves the source before its end. What its `return()` throws is dropped, as a `throw` out of a `for await` drops it.
   *
   * @returns done once it is closed; `undefined` when there is nothing to wait for. That a pull is still on its way is nothing to wait for either:
   * it may never answer, and a generator closes only after it
   */
  leave(): Promise<unknown> | undefined;
}

export function openSource<Item>(source: Iterable<Item> | AsyncIterable<Item>): ItemSource<Item> {
  return isPlainArray(source) ? new ListSource(source) : new IteratorSource(source);
}

/** True for what {@link openSource} can read. */
export function isItemSource(source: unknown): boolean {
  if (typeof source === "string") return true;
  return (
    typeof source === "object" &&
    source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source)
  );
}
