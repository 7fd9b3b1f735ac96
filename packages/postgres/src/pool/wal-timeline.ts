/** Samples kept: ten minutes at one per second. What is further behind is at least that old. */
const LONGEST_HISTORY = 600;

/** How far a replica is behind. */
export interface Lag {
  /** Age of the oldest thing known to be missing, when the primary was last seen, in ms; 0 when nothing is. */
  readonly lagMs: number;
  /** Write-ahead log that it has not replayed, in bytes. */
  readonly lagBytes: number;
}

/** Where the primary's log ended, and when. */
export interface WalTimeline {
  record(lsn: bigint, atMs: number): void;
  /** @returns `undefined` while nothing is known of the primary */
  lagOf(replayedLsn: bigint): Lag | undefined;
}

/**
 * Measures lag against the primary's own log. `now() - pg_last_xact_replay_timestamp()`, the usual way, grows on an idle primary, and received
 * against replayed is 0 on a replica that has lost its primary.
 *
 * Both figures are as good as the samples: between two of them a replica may be behind by an interval more.
 */
export function createWalTimeline(): WalTimeline {
  const samples: { readonly lsn: bigint; readonly atMs: number }[] = [];
  // Time stands still while the primary is not seen: what it has not written cannot be missing, and its replicas are all that can be read.
  let seenAtMs = 0;
  return {
    record(lsn, atMs) {
      seenAtMs = atMs;
      const last = samples.at(-1);
      // A primary that is restored from a backup begins again before where it was.
      if (last !== undefined && lsn < last.lsn) samples.length = 0;
      if (last !== undefined && lsn === last.lsn) return;
      samples.push({ lsn, atMs });
      if (samples.length > LONGEST_HISTORY) samples.shift();
    },
    lagOf(replayedLsn) {
      const last = samples.at(-1);
      if (last === undefined) return undefined;
      const missing = samples.find(({ lsn }) => lsn > replayedLsn);
      if (missing === undefined) return { lagMs: 0, lagBytes: 0 };
      return { lagMs: seenAtMs - missing.atMs, lagBytes: Number(last.lsn - replayedLsn) };
    },
  };
}
