import { delay, type TimerClock } from "@upshift/foundation";
import type { Shard } from "./shard.ts";

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

interface UntilWrittenOptions {
  readonly clock: TimerClock;
  readonly untilMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Everything of a shard is due. */
  readonly onHastened: (shard: Shard) => void;
}

/**
 * Makes everything due, and waits until what was put before is written, by whichever process, or given up.
 *
 * @returns how many keys are not, when the time is over
 */
export async function untilWritten(
  shards: readonly Shard[],
  { clock, untilMs, signal, onHastened }: UntilWrittenOptions,
): Promise<number> {
  const timeoutMs = (): number => Math.max(1, untilMs - clock.now());
  let waiting = await Promise.all(
    shards.map(async (shard) => {
      const sequence = await shard.hasten({ signal, timeoutMs: timeoutMs() });
      onHastened(shard);
      return { shard, sequence };
    }),
  );
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    const isLast = clock.now() >= untilMs;
    const counts = await Promise.all(
      waiting.map(({ shard, sequence }) =>
        shard.countUpTo(sequence, { signal, timeoutMs: timeoutMs() }),
      ),
    );
    waiting = waiting.filter((_, index) => counts[index] !== 0);
    if (waiting.length === 0 || isLast) return counts.reduce((sum, count) => sum + count, 0);
    await delay(clock, Math.min(pauseMs, timeoutMs()), signal);
  }
}
