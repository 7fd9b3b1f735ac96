import { assertFunctions } from "../assert-functions.ts";
import { InvalidArgumentError } from "../invalid-argument-error.ts";
import { refuseUnknown } from "../refuse-unknown.ts";
import type { TaskContext } from "./derived-signal.ts";
import { isItemSource } from "./item-source.ts";

/**
 * What is done with an item.
 *
 * @param index - the item's place in the source, from 0
 * @param context - `signal` aborts when the rest is called off
 */
export type ItemTask<Item, Result> = (
  item: Item,
  index: number,
  context: TaskContext,
) => Result | PromiseLike<Result>;

/** Where items come from. They are handed on as they are: an item that is a promise is not waited for. */
export type Items<Item> = Iterable<Item> | AsyncIterable<Item>;

export interface MapLimitOptions {
  /** Ends the call with `signal.reason`, at any point. */
  readonly signal?: AbortSignal | undefined;
  /** Order of the results: as the items came (default), or as their work was done. */
  readonly order?: "input" | "completion" | undefined;
  /**
   * `"fail-fast"` (default): the first error ends the call and aborts the siblings. `"collect"`: every item is worked on, and the results say of each what became
   * of it. An error of the source, and an abort, end the call either way.
   */
  readonly onError?: "fail-fast" | "collect" | undefined;
  /**
   * Whether a call that ends early first waits for the items at work (their signal has aborted) and for the source to be closed: for work on something that is
   * released next, such as a transaction. Default `false`: it ends at once, and what they still do is ignored.
   */
  readonly waitsForRunning?: boolean | undefined;
  /** Told after every item that started or was done, for progress bars and gauges. What it throws ends the call. */
  readonly onProgress?: ((progress: MapLimitProgress) => void) | undefined;
}

export interface MapLimitProgress {
  /** Items at work now; never above the concurrency. */
  readonly runningCount: number;
  /** Items whose work is over, the failed ones among them. */
  readonly doneCount: number;
  readonly failedCount: number;
}

const COMMON = ["signal", "order", "onError", "waitsForRunning"] as const;
const OPTIONS: ReadonlySet<keyof MapLimitOptions> = new Set([...COMMON, "onProgress"]);
const STREAM_OPTIONS: ReadonlySet<string> = new Set([...COMMON, "maxAhead"]);

/** @throws {InvalidArgumentError} for what cannot be mapped; the concurrency is checked where it is used */
export function assertMapLimitArguments(
  source: unknown,
  task: unknown,
  options: MapLimitOptions,
  of: "mapLimit" | "mapLimitStream" = "mapLimit",
): void {
  refuseUnknown(of, options, of === "mapLimit" ? OPTIONS : STREAM_OPTIONS);
  const { order = "input", onError = "fail-fast", onProgress } = options;
  assertFunctions({ onProgress });
  if (!isItemSource(source))
    throw new InvalidArgumentError("`source` as an iterable or async iterable", typeof source);
  if (typeof task !== "function")
    throw new InvalidArgumentError("`task` as a function of an item", typeof task);
  if (order !== "input" && order !== "completion")
    throw new InvalidArgumentError('`order` as "input" or "completion"', order);
  if (onError !== "fail-fast" && onError !== "collect")
    throw new InvalidArgumentError('`onError` as "fail-fast" or "collect"', onError);
}
