export interface Draw {
  /** In [0, 1). */
  next(): number;
  pick<Item>(items: readonly Item[]): Item | undefined;
}

/** The same numbers for the same seed: mulberry32, a 32-bit generator by Tommy Ettinger (public domain). */
export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, pick: (items) => items[Math.floor(next() * items.length)] };
}
