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
    const giveUp = (error: unknown): void => {
      controller.abort(error);
      reject(error);
    };
    const { clock, closing, definition, timeoutMs } = limit;
    const close = (): void => giveUp(closing.reason);
    if (closing.aborted) {
      close();
      return;
    }
    closing.addEventListener("abort", close, { once: true });
    const cancel = clock.after(timeoutMs, () =>
      giveUp(new CacheLoadTimeoutError(definition, timeoutMs)),
    );
    const run = async (): Promise<void> => {
      try {
        resolve(await load());
      } catch (error) {
        reject(error);
      } finally {
        cancel();
        closing.removeEventListener("abort", close);
      }
    };
    void run();
  });
}
