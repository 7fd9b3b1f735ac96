import type { TimerClock } from "@upshift/foundation";

/** Waits for a promise that never rejects, but not longer than this. */
export async function within(
  promise: Promise<void>,
  limitMs: number,
  clock: TimerClock,
): Promise<void> {
  let cancel: (() => void) | undefined;
  const limit = new Promise<void>((resolve) => {
    cancel = clock.after(limitMs, resolve);
  });
  await Promise.race([promise, limit]);
  cancel?.();
}
