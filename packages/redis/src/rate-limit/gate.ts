import type { Clock } from "@upshift/foundation";

/** Lets calls through to Redis until one finds it away, then one at a time after each pause. */
export interface Gate {
  /** @returns false when Redis is being left alone; true has to be followed by `leave` */
  enter(): boolean;
  /** @param found - `unknown` when the caller did not wait for the answer */
  leave(found: "here" | "away" | "unknown"): void;
}

export function createGate(clock: Clock, pauseMs: number): Gate {
  let pausedUntilMs: number | undefined;
  let isProbing = false;
  return {
    enter() {
      if (pausedUntilMs === undefined) return true;
      if (isProbing || clock.now() < pausedUntilMs) return false;
      isProbing = true;
      return true;
    },
    leave(found) {
      isProbing = false;
      if (found === "unknown") return;
      pausedUntilMs = found === "away" ? clock.now() + pauseMs : undefined;
    },
  };
}
