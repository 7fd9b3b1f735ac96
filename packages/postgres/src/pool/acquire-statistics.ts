/** How callers got their connections, since the pool was made. */
export interface AcquireStatistics {
  readonly count: number;
  /** Sum of all waits, for a free connection or for a new one. */
  readonly totalMs: number;
  readonly maxMs: number;
  /** Callers that gave up because none became free in time. */
  readonly timeoutCount: number;
}

export interface AcquireCounter {
  readonly acquired: (waitedMs: number) => void;
  readonly timedOut: () => void;
  read(): AcquireStatistics;
}

export function createAcquireCounter(): AcquireCounter {
  let count = 0;
  let totalMs = 0;
  let maxMs = 0;
  let timeoutCount = 0;
  return {
    acquired(waitedMs) {
      count += 1;
      totalMs += waitedMs;
      maxMs = Math.max(maxMs, waitedMs);
    },
    timedOut() {
      timeoutCount += 1;
    },
    read: () => ({ count, totalMs, maxMs, timeoutCount }),
  };
}
