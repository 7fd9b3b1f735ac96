/** Numbers that look random and are the same in every run with the same seed. */
export interface Draws {
  /** In [0, 1). */
  next(): number;
  /** 1 to `n`, each as often. */
  uniform(n: number): number;
  /** 1 to `n`, the popular ones of the data more often: the same spread as `store_seed.pick_id`. */
  popular(n: number, skew: number): number;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** ISO time, `days` before the last day of the data (2026-07-01). */
  daysAgo(days: number): string;
}

const LAST_DAY_MS = Date.UTC(2026, 6, 1);
const DAY_MS = 86_400_000;

/** Draws from mulberry32, a 32-bit generator by Tommy Ettinger (public domain). */
export function createDraws(seed: number): Draws {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    uniform: (n) => 1 + Math.floor(n * next()),
    popular: (n, skew) => 1 + ((Math.floor(n * next() ** skew) * 7919) % n),
    pick: (items) => items[Math.floor(items.length * next())] ?? items[0],
    daysAgo: (days) => new Date(LAST_DAY_MS - days * DAY_MS).toISOString(),
  };
}
