/** Rows that share one key, and how many such keys there are. Neither need be whole. */
export interface DuplicateGroup {
  readonly rowsPerKey: number;
  readonly keys: number;
}

/** Below this many rows per key their spread matters; above it every key is as good as average. */
const SPREAD_MATTERS_BELOW = 400;

export interface DuplicateGroupsOptions {
  readonly rows: number;
  /** Distinct non-NULL keys. */
  readonly distinctKeys: number;
  /** Rows of keys that are known to be heavier than average; NULLs are one such key. */
  readonly heavyKeys: readonly number[];
}

/**
 * How rows gather on keys: the known heavy keys as they are, the rest spread at random.
 *
 * Source for the spread: a zero-truncated Poisson distribution, since only keys that occur are counted.
 */
export function duplicateGroups(options: DuplicateGroupsOptions): readonly DuplicateGroup[] {
  const heavy = options.heavyKeys.map((rowsPerKey) => ({ rowsPerKey, keys: 1 }));
  const restRows = options.rows - options.heavyKeys.reduce((sum, rows) => sum + rows, 0);
  if (restRows <= 0) return heavy;
  const restKeys = Math.min(restRows, Math.max(1, options.distinctKeys - heavy.length));
  const mean = restRows / restKeys;
  if (mean < 1.000_1 || mean > SPREAD_MATTERS_BELOW) {
    return [...heavy, { rowsPerKey: mean, keys: restKeys }];
  }
  return [...heavy, ...truncatedPoisson(mean, restKeys)];
}

function truncatedPoisson(mean: number, keys: number): DuplicateGroup[] {
  const rate = untruncatedRate(mean);
  const scale = keys / (1 - Math.exp(-rate));
  const groups: DuplicateGroup[] = [];
  // In logarithms: exp(-400) times 400^n would leave the range of a double.
  let logShare = -rate;
  for (let rowsPerKey = 1; rowsPerKey < mean * 3 + 20; rowsPerKey += 1) {
    logShare += Math.log(rate) - Math.log(rowsPerKey);
    groups.push({ rowsPerKey, keys: scale * Math.exp(logShare) });
  }
  return groups;
}

/** Solves rate / (1 - exp(-rate)) = mean; the left side grows with the rate. */
function untruncatedRate(mean: number): number {
  let low = 0;
  let high = mean;
  for (let step = 0; step < 60; step += 1) {
    const rate = (low + high) / 2;
    if (rate / -Math.expm1(-rate) < mean) low = rate;
    else high = rate;
  }
  return (low + high) / 2;
}
