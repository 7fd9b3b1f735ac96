import type { TimerClock } from "@upshift/foundation";
import { listenForAbort } from "../connection/abort-listener.ts";

export interface Deadline {
  /** Aborted by the caller's signal, or with `reason` when the time is up. */
  readonly signal: AbortSignal;
  /** Ends it before its time. */
  readonly abort: (reason: unknown) => void;
  /** Lets go of the caller's signal and of the timer. `AbortSignal.any` would hold on to a long-lived signal. */
  end(): void;
}

/** @param options - `timeoutMs`: 0 for no limit of its own; `reason` makes the error that the time is up */
export function startDeadline(options: {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly clock: TimerClock;
  readonly reason: () => Error;
}): Deadline {
  const { signal, timeoutMs, clock, reason } = options;
  const controller = new AbortController();
  const abort = (why: unknown): void => controller.abort(why);
  const forward = (): void => abort(signal?.reason);
  if (signal?.aborted === true) forward();
  const letGo = signal === undefined ? undefined : listenForAbort(signal, forward);
  const cancel = timeoutMs === 0 ? undefined : clock.after(timeoutMs, () => abort(reason()));
  return {
    signal: controller.signal,
    abort,
    end() {
      letGo?.();
      cancel?.();
    },
  };
}
