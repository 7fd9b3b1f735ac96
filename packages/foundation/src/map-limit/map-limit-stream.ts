import { InvalidArgumentError } from "../invalid-argument-error.ts";
import { assertConcurrency } from "./limited-run.ts";
import {
  assertMapLimitArguments,
  type Items,
  type ItemTask,
  type MapLimitOptions,
} from "./map-limit-options.ts";
import type { ItemOutcome } from "./outcome.ts";
import { StreamCall } from "./stream-call.ts";

export interface MapLimitStreamOptions extends Omit<MapLimitOptions, "onProgress"> {
  /** Items at most that are at work or whose results wait to be taken; default: the concurrency. */
  readonly maxAhead?: number | undefined;
}

/** Results as they become ready, for `for await`. */
export interface MapLimitStream<Result> extends AsyncIterableIterator<Result, undefined, unknown> {
  /** Items at work now. */
  readonly runningCount: number;
  /** Results that wait to be taken. */
  readonly readyCount: number;
  next(): Promise<IteratorResult<Result, undefined>>;
  return(): Promise<IteratorResult<Result, undefined>>;
}

/**
 * Works on items while their results are taken: `mapLimit` for sources that are long or have no end.
 *
 * Nothing starts before the first `next()`; from then on at most `maxAhead` items are ahead of the consumer. Leaving a `for await` early closes the source and
 * aborts the items at work. An error comes after the results that were ready before it; an abort comes at once. `next()` may be called again before the last
 * one has answered.
 *
 * @param concurrency - an integer of at least 1, or `Infinity` with a `maxAhead`
 * @throws {InvalidArgumentError} for what cannot be mapped; the iteration throws what `mapLimit` would
 */
export function mapLimitStream<Item, Result>(
  source: Items<Item>,
  concurrency: number,
  task: ItemTask<Item, Result>,
  options: MapLimitStreamOptions & { readonly onError: "collect" },
): MapLimitStream<ItemOutcome<Result>>;
export function mapLimitStream<Item, Result>(
  source: Items<Item>,
  concurrency: number,
  task: ItemTask<Item, Result>,
  options?: MapLimitStreamOptions & { readonly onError?: "fail-fast" | undefined },
): MapLimitStream<Result>;
export function mapLimitStream<Item, Result>(
  source: Items<Item>,
  concurrency: number,
  task: ItemTask<Item, Result>,
  options: MapLimitStreamOptions = {},
): MapLimitStream<unknown> {
  assertMapLimitArguments(source, task, options, "mapLimitStream");
  assertConcurrency(concurrency);
  const maxAhead = options.maxAhead ?? concurrency;
  if (!Number.isSafeInteger(maxAhead) || maxAhead < 1)
    throw new InvalidArgumentError("`maxAhead` as an integer >= 1", maxAhead);
  return new StreamCall({ source, concurrency, maxAhead, task, options });
}
