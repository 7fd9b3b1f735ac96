import { type Duration, InvalidArgumentError, refuseUnknown, toMs } from "@upshift/foundation";

export interface BackoffOptions {
  /** Longest wait before the second attempt; default 100 ms. */
  readonly base?: Duration | undefined;
  /** Longest wait before any attempt; default 10 s. */
  readonly max?: Duration | undefined;
  /** How much longer each wait may be than the one before; default 2. */
  readonly factor?: number | undefined;
}

/** Options, read. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly factor: number;
}

const OPTIONS: ReadonlySet<keyof BackoffOptions> = new Set(["base", "max", "factor"]);

/** @throws {InvalidArgumentError} */
export function readBackoff(options: BackoffOptions): Backoff {
  refuseUnknown("backoff", options, OPTIONS);
  const { base = 100, max = 10_000, factor = 2 } = options;
  if (!Number.isFinite(factor) || factor < 1)
    throw new InvalidArgumentError("`backoff.factor` >= 1", factor);
  return { baseMs: toMs(base, "backoff.base"), maxMs: toMs(max, "backoff.max"), factor };
}

/**
 * The longest wait after an attempt; it grows with the attempts.
 *
 * @param attempt - the one that failed, from 1
 */
export function longestWaitMs({ baseMs, maxMs, factor }: Backoff, attempt: number): number {
  // The power becomes infinite in the end, and nothing times infinity is no number.
  if (baseMs === 0) return 0;
  return Math.min(maxMs, baseMs * factor ** (attempt - 1));
}
