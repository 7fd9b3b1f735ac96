import type { Clock } from "@upshift/foundation";

/** Lets calls through to Redis until one finds it away, then one at a time after each pause. */
export interface Gate {
  /** @returns false when Redis is being left alone; true has to be followed by `leave` */
  enter(): boolean;
  leave(isAway: boolean): void;
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
    leave(isRedisAway) {
      isProbing = false;
      pausedUntilMs = isRedisAway ? clock.now() + pauseMs : undefined;
    },
  };
}
