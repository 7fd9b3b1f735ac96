import { systemClock, type TimerClock } from "@upshift/foundation";

/** The system's clock tells whole milliseconds: by less than this it is not ahead. */
const ROUNDING_MS = 2;

let nowMs = Date.now();
let wallMs = nowMs;
let runMs = performance.now();

/**
 * A clock that never goes back: a lock must not look younger than Redis finds it.
 *
 * It goes on by what either clock of the process says. That of the system is set, back too; the other stands still while the machine sleeps.
 */
export const steadyClock: TimerClock = {
  now() {
    const wasWallMs = wallMs;
    const wasRunMs = runMs;
    wallMs = Date.now();
    runMs = performance.now();
    const ranMs = runMs - wasRunMs;
    const aheadMs = wallMs - wasWallMs - ranMs;
    nowMs += ranMs + (aheadMs > ROUNDING_MS ? aheadMs : 0);
    return nowMs;
  },
  after: (delayMs, run, options) => systemClock.after(delayMs, run, options),
};
