import type { TimerClock } from "@upshift/foundation";
import { CacheLoadTimeoutError } from "../cache-errors.ts";

/**
 * Calls a loader, and stops waiting for it after `timeoutMs`; its signal is aborted then.
 *
 * @param closing - aborts it too
 */
export function runLoader<T>(
  load: () => T | PromiseLike<T>,
  controller: AbortController,
  limit: {
    readonly definition: string;
    readonly timeoutMs: number;
    readonly clock: TimerClock;
    readonly closing: AbortSignal;
  },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const { clock, closing, definition, timeoutMs } = limit;
    const giveUp = (error: unknown): void => {
      // The loader may go on for as long as it likes; nothing here waits for it any more.
      stopLimiting();
      controller.abort(error);
      reject(error);
    };
    const close = (): void => giveUp(closing.reason);
    const cancel = clock.after(timeoutMs, () =>
      giveUp(new CacheLoadTimeoutError(definition, timeoutMs)),
    );
    const stopLimiting = (): void => {
      cancel();
      closing.removeEventListener("abort", close);
    };
    if (closing.aborted) {
      close();
      return;
    }
    closing.addEventListener("abort", close, { once: true });
    const run = async (): Promise<void> => {
      try {
        resolve(await load());
      } catch (error) {
        reject(error);
      } finally {
        stopLimiting();
      }
    };
    void run();
  });
}
