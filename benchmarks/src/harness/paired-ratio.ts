import { InvalidArgumentError } from "@upshift/foundation";
import { median } from "./median.ts";

export interface PairedRatio {
  /** Median of the ratios of the pairs. */
  readonly median: number;
  /** Bounds of the confidence interval of that median. */
  readonly low: number;
  readonly high: number;
  /** Probability (0..1) that the interval holds the true median: at least 0.95. */
  readonly confidenceRatio: number;
}

const CONFIDENCE = 0.95;
/** Below this no two order statistics enclose the median with 95 %: 1 - 2 / 2 ** 5 is 93.75 %. */
const FEWEST_PAIRS = 6;

/**
 * The ratio of two contestants that took turns, with an interval that assumes nothing about how times are distributed.
 *
 * @param values - one number per round
 * @param bases - the other contestant in the same rounds
 * @throws {InvalidArgumentError} for fewer than 6 pairs or unequal lengths
 * Source: order-statistic interval of a median (sign test inverted): W. J. Conover, Practical Nonparametric Statistics,
 * 3rd ed., section 3.2; the k-th smallest and k-th largest of n values enclose the median with 1 - 2 P(Bin(n, 1/2) < k).
 */
export function pairedRatio(values: readonly number[], bases: readonly number[]): PairedRatio {
  if (values.length !== bases.length || values.length < FEWEST_PAIRS)
    throw new InvalidArgumentError(
      `two lists of at least ${FEWEST_PAIRS} samples of equal length`,
      `${values.length} and ${bases.length}`,
    );
  const ratios = values
    .map((value, index) => value / (bases[index] ?? Number.NaN))
    .toSorted((left, right) => left - right);
  const { rank, confidenceRatio } = medianInterval(ratios.length);
  return {
    median: median(ratios),
    low: ratios[rank - 1] ?? Number.NaN,
    high: ratios[ratios.length - rank] ?? Number.NaN,
    confidenceRatio,
  };
}

/**
 * Which order statistics enclose the median of `count` values with at least 95 %.
 *
 * @returns `rank` k: the k-th smallest (1-based) and the k-th largest
 */
export function medianInterval(count: number): {
  readonly rank: number;
  readonly confidenceRatio: number;
} {
  // P(Bin(count, 1/2) = 0), then each next term from the one before.
  let term = 0.5 ** count;
  let below = term;
  let rank = 1;
  let confidenceRatio = 1 - 2 * below;
  for (let successes = 1; successes < count / 2; successes++) {
    term *= (count - successes + 1) / successes;
    below += term;
    if (1 - 2 * below < CONFIDENCE) break;
    rank = successes + 1;
    confidenceRatio = 1 - 2 * below;
  }
  return { rank, confidenceRatio };
}
