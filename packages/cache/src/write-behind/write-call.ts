import type { TimerClock } from "@upshift/foundation";
import type { Change, ChangeWriter } from "./write-behind.ts";
import { WriteBehindTimeoutError } from "./write-behind-errors.ts";

export type WriteOutcome =
  | { readonly isWritten: true }
  | { readonly isWritten: false; readonly error: unknown };

interface WriteCallOptions<K, V> {
  readonly name: string;
  readonly writer: ChangeWriter<Change<K, V>>;
  readonly clock: TimerClock;
  readonly timeoutMs: number;
  /** How long a writer is waited for that goes on after its signal: what it holds could otherwise be written beside it. */
  readonly graceMs: number;
  /** Of all calls of the batch. */
  readonly signal: AbortSignal;
  /** From then on nothing is waited for. */
  readonly stopped: AbortSignal;
}

/**
 * One call of the writer. It counts as it ends, also after its signal; when it has not ended by the end of the grace, it counts as failed with the signal's reason.
 */
export function callWriter<K, V>(
  changes: readonly Change<K, V>[],
  options: WriteCallOptions<K, V>,
): Promise<WriteOutcome> {
  const { name, writer, clock, timeoutMs, graceMs, signal, stopped } = options;
  const own = new AbortController();
  return new Promise((resolve) => {
    let cancelTimer: (() => void) | undefined;
    const end = (outcome: WriteOutcome): void => {
      cancelTimer?.();
      signal.removeEventListener("abort", followAbort);
      stopped.removeEventListener("abort", stop);
      resolve(outcome);
    };
    const abort = (reason: unknown): void => {
      if (own.signal.aborted) return;
      cancelTimer?.();
      own.abort(reason);
      cancelTimer = clock.after(graceMs, () => end({ isWritten: false, error: reason }), {
        isBackground: true,
      });
    };
    const stop = (): void => end({ isWritten: false, error: stopped.reason });
    const followAbort = (): void => abort(signal.reason);
    if (signal.aborted) {
      end({ isWritten: false, error: signal.reason });
      return;
    }
    signal.addEventListener("abort", followAbort, { once: true });
    stopped.addEventListener("abort", stop, { once: true });
    cancelTimer = clock.after(
      timeoutMs,
      () => abort(new WriteBehindTimeoutError(name, changes.length, timeoutMs)),
      { isBackground: true },
    );
    // What it throws at once is a rejection too.
    const written = new Promise<void>((settle) => {
      settle(writer(changes, { signal: own.signal }));
    });
    written.then(
      () => end({ isWritten: true }),
      // Told to stop it may fail with anything.
      (error: unknown) =>
        end({ isWritten: false, error: own.signal.aborted ? own.signal.reason : error }),
    );
  });
}
