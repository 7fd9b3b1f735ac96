import { listenForAbort } from "./abort-listener.ts";

/**
 * Waits for a promise, but no longer than the signal allows.
 *
 * @param onAbort - told once, when the signal won
 * @throws `signal.reason` when it is aborted first; the promise itself goes on and its failure is swallowed
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  onAbort?: () => void,
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      onAbort?.();
      reject(signal.reason);
    };
    if (signal.aborted) {
      promise.catch(() => undefined);
      abort();
      return;
    }
    const letGo = listenForAbort(signal, abort);
    promise.finally(letGo).then(resolve, reject);
  });
}
