/** How a call of `retry` went that failed. */
export interface RetryInfo {
  /** Times that the work was tried. */
  readonly attempts: number;
  /** Waited between them, in all. */
  readonly waitedMs: number;
}

/** Registered, so that two copies of the package read each other's. */
const KEY = Symbol.for("upshift.retry");

/** Leaves the facts on the error, where neither printing nor copying it shows them. An error that is frozen or no object goes without. */
export function attachRetryInfo(error: unknown, info: RetryInfo): void {
  if (typeof error !== "object" || error === null) return;
  Reflect.defineProperty(error, KEY, { value: info, configurable: true, writable: true });
}

/**
 * The attempts behind an error that `retry` threw; of nested ones, those of the outermost.
 *
 * @returns `undefined` for an error that did not come from `retry`
 */
export function retryInfo(error: unknown): RetryInfo | undefined {
  if (typeof error !== "object" || error === null || !(KEY in error)) return undefined;
  const info: unknown = error[KEY];
  return isRetryInfo(info) ? info : undefined;
}

function isRetryInfo(info: unknown): info is RetryInfo {
  return typeof info === "object" && info !== null && "attempts" in info && "waitedMs" in info;
}
