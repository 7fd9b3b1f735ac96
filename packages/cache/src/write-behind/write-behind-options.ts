import {
  assertFunctions,
  type Duration,
  InvalidArgumentError,
  refuseUnknown,
  toMs,
} from "@upshift/foundation";
import type { Change } from "./write-behind.ts";

export interface WriteBehindOptions<K, V> {
  /** `"value"`, the default: whole rows only. `"patch"`: also some of their fields. */
  readonly mode?: "value" | "patch";
  /**
   * What two patches of a key come to, or a value and a patch. Must not depend on how patches are grouped. Default: the fields of both, the later one's where both have
   * one.
   */
  readonly merge?: (earlier: Partial<V>, later: Partial<V>) => Partial<V>;
  /** From the first change of a key until it is written, unless the writer is behind; default `"1s"`. */
  readonly maxDelay?: Duration;
  /** Most changes in a call of the writer; default 100, at most 1,000. */
  readonly batch?: number;
  /** Most calls of the writer at once in this process; default 4. */
  readonly concurrency?: number;
  /** Tries of a change by itself before it is given up as a dead letter; default 10. Failures of the connection to the database do not count. */
  readonly attempts?: number;
  /** Pauses after failures: doubled from `min` (default `"100ms"`) to `max` (default `"10s"`), and shortened at random by up to a half. */
  readonly backoff?: { readonly min?: Duration; readonly max?: Duration };
  /** Until the signal of a call of the writer aborts; default `"30s"`. */
  readonly writeTimeout?: Duration;
  /** How long the changes of a process that died or stands still wait for another one; default `"15s"`, at least 100 ms. It is renewed while it works. */
  readonly lease?: Duration;
  /**
   * Told of changes that were given up, after they are kept in Redis as dead letters. What it throws goes to `onError`.
   *
   * @param error - what the writer threw last
   */
  readonly deadLetter?: (changes: readonly Change<K, V>[], error: unknown) => void | Promise<void>;
  /** Keys that may wait to be written, of all processes; default 100,000. */
  readonly maxPending?: number;
  /** Dead letters that are kept, about; default 10,000. Where there are as many, what fails stays among what waits. */
  readonly maxDeadLetters?: number;
  /**
   * True for a failure that says nothing against the changes: they are tried again together for as long as it lasts. Default: lost connections and overload, by the codes of PostgreSQL, Node.js
   * and upshift. Timeouts and locks in the way of a row are told apart by their codes: that row is tried again alone, and not given up for it.
   */
  readonly isTransient?: (error: unknown) => boolean;
  /** `false`: this process only hands in, others write. Default `true`. */
  readonly drain?: boolean;
  /**
   * Policies of a limited Redis that are accepted. `"noeviction"`, the default; `"volatile"` accepts also those that only evict keys with an expiry, which these have not.
   */
  readonly eviction?: "noeviction" | "volatile";
}

export interface WriteBehindSettings<K, V> {
  readonly mode: "value" | "patch";
  readonly merge: ((earlier: Partial<V>, later: Partial<V>) => Partial<V>) | undefined;
  readonly maxDelayMs: number;
  readonly batch: number;
  readonly concurrency: number;
  readonly attempts: number;
  readonly backoff: { readonly minMs: number; readonly maxMs: number };
  readonly writeTimeoutMs: number;
  readonly leaseMs: number;
  readonly deadLetter: WriteBehindOptions<K, V>["deadLetter"];
  readonly maxPending: number;
  readonly maxDeadLetters: number;
  readonly isTransient: ((error: unknown) => boolean) | undefined;
  readonly isDraining: boolean;
  readonly eviction: "noeviction" | "volatile";
}

/** Arguments of one Lua call are limited; see LUAI_MAXCSTACK. */
const MOST_BATCH = 1_000;
const LEAST_LEASE_MS = 100;

const OPTIONS: ReadonlySet<keyof WriteBehindOptions<unknown, unknown>> = new Set([
  "mode",
  "merge",
  "maxDelay",
  "batch",
  "concurrency",
  "attempts",
  "backoff",
  "writeTimeout",
  "lease",
  "deadLetter",
  "maxPending",
  "maxDeadLetters",
  "isTransient",
  "drain",
  "eviction",
]);
const BACKOFF_OPTIONS = new Set(["min", "max"]);

/** @throws {InvalidArgumentError} */
export function checkedSettings<K, V>(
  options: WriteBehindOptions<K, V>,
): WriteBehindSettings<K, V> {
  refuseUnknown("writeBehind", options, OPTIONS);
  const { mode = "value", eviction = "noeviction", drain = true, backoff = {} } = options;
  if (mode !== "value" && mode !== "patch")
    throw new InvalidArgumentError('`mode` as "value" or "patch"', mode);
  if (eviction !== "noeviction" && eviction !== "volatile")
    throw new InvalidArgumentError('`eviction` as "noeviction" or "volatile"', eviction);
  if (typeof drain !== "boolean") throw new InvalidArgumentError("`drain` as a boolean", drain);
  refuseUnknown("backoff", backoff, BACKOFF_OPTIONS);
  const { merge, deadLetter, isTransient } = options;
  assertFunctions({ merge, deadLetter, isTransient });
  const minMs = toMs(backoff.min ?? 100, "backoff.min");
  const maxMs = toMs(backoff.max ?? 10_000, "backoff.max");
  if (maxMs < minMs) throw new InvalidArgumentError("`backoff.max` >= `backoff.min`", maxMs);
  const leaseMs = toMs(options.lease ?? 15_000, "lease");
  if (leaseMs < LEAST_LEASE_MS)
    throw new InvalidArgumentError(`\`lease\` >= ${LEAST_LEASE_MS} ms`, leaseMs);
  return {
    mode,
    eviction,
    isDraining: drain,
    merge,
    deadLetter,
    isTransient,
    backoff: { minMs, maxMs },
    leaseMs: Math.ceil(leaseMs),
    maxDelayMs: Math.ceil(toMs(options.maxDelay ?? 1_000, "maxDelay")),
    writeTimeoutMs: toMs(options.writeTimeout ?? 30_000, "writeTimeout"),
    batch: wholeNumber(options.batch ?? 100, "batch", MOST_BATCH),
    concurrency: wholeNumber(options.concurrency ?? 4, "concurrency"),
    attempts: wholeNumber(options.attempts ?? 10, "attempts"),
    maxPending: wholeNumber(options.maxPending ?? 100_000, "maxPending"),
    maxDeadLetters: wholeNumber(options.maxDeadLetters ?? 10_000, "maxDeadLetters"),
  };
}

function wholeNumber(value: number, name: string, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw new InvalidArgumentError(`\`${name}\` as a whole number from 1 to ${most}`, value);
}
