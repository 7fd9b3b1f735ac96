import type { TimerClock } from "../clock.ts";

/** A clock that stands still until a test moves it. */
export interface SimulatedClock extends TimerClock {
  /**
   * Moves the time on and calls what falls due on the way, in order of time, then of start; after each, everything that promises have to do is done first.
   * What a call starts within the time is called too.
   */
  advance(byMs: number): Promise<void>;
  /** Timers that have neither run nor been cancelled. */
  readonly timerCount: number;
  /** When the next timer is due, in ms since the epoch. */
  readonly nextAtMs: number | undefined;
}

/** @param startMs - the time at first; default 0 */
export function createSimulatedClock(startMs = 0): SimulatedClock {
  interface Timer {
    readonly atMs: number;
    readonly run: () => void;
  }
  let nowMs = startMs;
  const timers = new Set<Timer>();
  const next = (): Timer | undefined => {
    let first: Timer | undefined;
    for (const timer of timers) if (first === undefined || timer.atMs < first.atMs) first = timer;
    return first;
  };
  return {
    now: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(byMs) {
      const untilMs = nowMs + byMs;
      await settle();
      for (let timer = next(); timer !== undefined && timer.atMs <= untilMs; timer = next()) {
        timers.delete(timer);
        nowMs = Math.max(nowMs, timer.atMs);
        timer.run();
        await settle();
      }
      nowMs = untilMs;
    },
    get timerCount() {
      return timers.size;
    },
    get nextAtMs() {
      return next()?.atMs;
    },
  };
}

/** An immediate runs when no promise has anything left to do. */
function settle(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
