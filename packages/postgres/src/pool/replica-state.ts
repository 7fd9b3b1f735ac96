import type { TimerClock } from "@upshift/foundation";
import type { Lag } from "./wal-timeline.ts";

/** `unknown`: not looked at yet. `lost`: it does not answer. `promoted`: it takes writes of its own and shows another history. */
export type ReplicaStatus = "unknown" | "healthy" | "lost" | "promoted";

/** What is known of one replica. */
export interface ReplicaState {
  readonly status: ReplicaStatus;
  /** Everything before this place in the log is there to read. */
  readonly replayedLsn: bigint;
  /** As measured at the last look. */
  readonly lag: Lag | undefined;
  isDue(): boolean;
  /** Whether it may be read. */
  isUsable(demand: ReplicaDemand): boolean;
  answered(answer: {
    readonly isReplica: boolean;
    readonly replayedLsn: bigint;
    readonly lag: Lag | undefined;
  }): void;
  failed(): void;
  /** A connection to it was lost: nothing that was known must be relied on until it has been asked again. */
  doubt(): void;
}

export interface ReplicaDemand {
  readonly maxLagMs: number;
  /** Must have been replayed. */
  readonly atLeastLsn?: bigint | undefined;
}

export interface ReplicaStateOptions {
  readonly clock: TimerClock;
  readonly healthIntervalMs: number;
  readonly random: () => number;
}

/** An ejected replica is asked after the interval, then twice that, and so on up to this. */
const LONGEST_BACKOFF_MS = 30_000;
/** What was measured before this many looks says nothing about now. */
const STALE_AFTER_LOOKS = 5;
const SHORTEST_STALE_MS = 5_000;

export function createReplicaState(options: ReplicaStateOptions): ReplicaState {
  const { clock, healthIntervalMs, random } = options;
  const staleAfterMs = Math.max(SHORTEST_STALE_MS, STALE_AFTER_LOOKS * healthIntervalMs);
  let status: ReplicaStatus = "unknown";
  let replayedLsn = 0n;
  let lag: Lag | undefined;
  let answeredAtMs = 0;
  let failureCount = 0;
  let dueAtMs = 0;

  const backOff = (next: ReplicaStatus): void => {
    status = next;
    replayedLsn = 0n;
    lag = undefined;
    const longestMs = Math.min(LONGEST_BACKOFF_MS, healthIntervalMs * 2 ** failureCount);
    failureCount += 1;
    // Half of it at random: processes that lost a replica together do not come back together.
    dueAtMs = clock.now() + longestMs * (1 - random() / 2);
  };

  return {
    get status() {
      return status;
    },
    get replayedLsn() {
      return replayedLsn;
    },
    get lag() {
      return lag;
    },
    isDue: () => clock.now() >= dueAtMs,
    isUsable({ maxLagMs, atLeastLsn = 0n }) {
      if (status !== "healthy" || clock.now() - answeredAtMs > staleAfterMs) return false;
      // Without a word of the primary, which may be down, it cannot be missing much: nothing new is written.
      return (lag?.lagMs ?? 0) <= maxLagMs && replayedLsn >= atLeastLsn;
    },
    answered(answer) {
      answeredAtMs = clock.now();
      if (!answer.isReplica) {
        backOff("promoted");
        return;
      }
      status = "healthy";
      failureCount = 0;
      dueAtMs = 0;
      ({ replayedLsn, lag } = answer);
    },
    failed() {
      backOff("lost");
    },
    doubt() {
      if (status === "healthy") status = "unknown";
      replayedLsn = 0n;
      dueAtMs = 0;
    },
  };
}
