import type { ColumnStatistics } from "../../snapshot/database-snapshot.ts";
import { parseArrayLiteral } from "./array-literal.ts";

/** How the values of one column are spread, from its statistics; all quantiles are 0..1. */
export interface ColumnDistribution {
  /** Some values are much more common than others. */
  readonly isSkewed: boolean;
  /** The value of the row at this quantile: common values come up as often as they are stored. */
  ofRow(quantile: number): string;
  /** The value at this quantile of the distinct values: rare values come up as often as common ones. */
  ofDistinct(quantile: number): string;
  /** The value below which this share of the rows sorts. */
  atRank(quantile: number): string;
}

/** `null` when the statistics hold no values. */
export function columnDistribution(statistics: ColumnStatistics | null): ColumnDistribution | null {
  if (statistics === null) return null;
  const common = valuesOf(statistics.mostCommonValues);
  const frequencies = statistics.mostCommonFrequencies ?? [];
  const bounds = valuesOf(statistics.histogramBounds);
  if (common.length === 0 && bounds.length === 0) return null;

  const storedShare = Math.max(1 - statistics.nullFraction, 1e-6);
  const commonShare = Math.min(
    frequencies.reduce((sum, frequency) => sum + frequency, 0) / storedShare,
    1,
  );
  const sorted = bounds.length > 0 ? bounds : common.toSorted(compareValues);

  function ofRow(quantile: number): string {
    let share = 0;
    for (const [position, value] of common.entries()) {
      share += (frequencies[position] ?? 0) / storedShare;
      if (quantile < share) return value;
    }
    if (bounds.length === 0) return at(common, 1);
    return at(bounds, (quantile - commonShare) / Math.max(1 - commonShare, 1e-6));
  }

  return {
    isSkewed: common.length > 0,
    ofRow,
    // The common values fill the first half where there are others, by rank.
    ofDistinct: (quantile) => {
      if (bounds.length === 0) return at(common, quantile);
      if (common.length === 0) return at(bounds, quantile);
      return quantile < 0.5 ? at(common, quantile * 2) : at(bounds, quantile * 2 - 1);
    },
    atRank: (quantile) => {
      if (bounds.length > 0) return at(sorted, quantile);
      return rankByFrequency(common, frequencies, sorted, quantile * commonShare * storedShare);
    },
  };
}

function rankByFrequency(
  common: readonly string[],
  frequencies: readonly number[],
  sorted: readonly string[],
  share: number,
): string {
  let below = 0;
  for (const value of sorted) {
    below += frequencies[common.indexOf(value)] ?? 0;
    if (share <= below) return value;
  }
  return at(sorted, 1);
}

function at(values: readonly string[], quantile: number): string {
  const position = Math.round(Math.min(Math.max(quantile, 0), 1) * (values.length - 1));
  return values[position] ?? "";
}

function valuesOf(literal: string | null): readonly string[] {
  const values = literal === null ? null : parseArrayLiteral(literal);
  return (values ?? []).filter((value) => value !== null);
}

/** Numbers by size, the rest by code: good enough to place a range, as the planner has the true order. */
function compareValues(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  if (!Number.isNaN(difference)) return difference;
  return a < b ? -1 : a > b ? 1 : 0;
}
