/** A sequence of keys as they are asked for. */
export interface Trace {
  readonly name: string;
  /** Entries that fit into the cache. */
  readonly size: number;
  readonly keys: readonly string[];
}

const SEED = 20_261_122;
/** Keys of the popular part. */
const KEY_COUNT = 100_000;
const SIZE = 5_000;

/** The same traces every time; `length` accesses each. */
export function makeTraces(length: number): readonly Trace[] {
  return [
    zipfTrace(0.7, length),
    zipfTrace(0.9, length),
    zipfTrace(1.1, length),
    scanTrace(length),
    loopTrace("loop over 1.1 times the size", 1.1, length),
    loopTrace("loop over twice the size", 2, length),
  ];
}

function zipfTrace(skew: number, length: number): Trace {
  const draw = zipf(KEY_COUNT, skew, random(SEED));
  return {
    name: `zipf ${skew}`,
    size: SIZE,
    keys: Array.from({ length }, () => `k${draw()}`),
  };
}

/** Popular keys, and every 20,000 accesses a pass over 10,000 keys that nobody asks for again: a nightly report, a crawler. */
function scanTrace(length: number): Trace {
  const draw = zipf(KEY_COUNT, 0.9, random(SEED));
  let scanned = 0;
  const keys = Array.from({ length }, (_, at) => {
    if (at % 30_000 < 20_000) return `k${draw()}`;
    scanned += 1;
    return `scan${scanned}`;
  });
  return { name: "zipf 0.9 with scans", size: SIZE, keys };
}

function loopTrace(name: string, times: number, length: number): Trace {
  const period = Math.round(SIZE * times);
  return { name, size: SIZE, keys: Array.from({ length }, (_, at) => `k${at % period}`) };
}

/** Ranks 0 to `count - 1`, of which rank r comes with a probability that is proportional to `(r + 1) ** -skew`. */
function zipf(count: number, skew: number, next: () => number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) {
    sum += (rank + 1) ** -skew;
    sums[rank] = sum;
  }
  return () => {
    const drawn = next() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? sum) < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Numbers from 0 to 1, the same for the same seed. Source: mulberry32. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
