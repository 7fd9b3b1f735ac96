import { type Duration, InvalidArgumentError, systemClock, toMs } from "@upshift/foundation";
import { listenForAbort } from "../connection/abort-listener.ts";
import { StreamTimeoutError } from "./stream-errors.ts";

/** What may end a stream before its last row: the caller's signal, its time, its consumer. */
export interface Watch {
  /** Aborts with the reason why the stream has to end. */
  readonly signal: AbortSignal;
  stop(reason: unknown): void;
  /** Lets go of timer and listener. */
  close(): void;
}

/** @param timeoutMs - `undefined` for no limit */
export function openWatch(signal: AbortSignal | undefined, timeoutMs: number | undefined): Watch {
  const controller = new AbortController();
  const stop = (reason: unknown): void => controller.abort(reason);
  const forward = (): void => stop(signal?.reason);
  if (signal?.aborted === true) forward();
  const letGo = signal === undefined ? undefined : listenForAbort(signal, forward);
  const cancel =
    timeoutMs === undefined
      ? undefined
      : systemClock.after(timeoutMs, () => stop(new StreamTimeoutError(timeoutMs)), {
          isBackground: true,
        });
  return {
    signal: controller.signal,
    stop,
    close() {
      cancel?.();
      letGo?.();
    },
  };
}

/** @throws {InvalidArgumentError} when it is no duration, or 0 */
export function limitMs(duration: Duration, name: string): number {
  const durationMs = toMs(duration, name);
  if (durationMs === 0) throw new InvalidArgumentError(`\`${name}\` > 0`, duration);
  return durationMs;
}
