import { toArrayLiteral } from "./array-literal.ts";
import type { ColumnDistribution } from "./column-distribution.ts";
import type { ParameterUse } from "../shape/query-shape.ts";

/** Enough to meet common and rare values; each is one more EXPLAIN per what-if. */
export const DRAW_COUNT = 5;

/** How many sides of a column a statement bounds by parameters. */
export type RangeSide = "none" | "one" | "both";

export interface DrawRequest {
  readonly use: ParameterUse;
  readonly distribution: ColumnDistribution | null;
  /** 0 to `DRAW_COUNT - 1` */
  readonly draw: number;
  /** The same for both bounds of one range. */
  readonly rangeDraw: number;
  readonly side: RangeSide;
}

/** Three draws as rows are stored, two as values exist: callers often ask for the rare ones ("pending" among "done"). */
const ROW_QUANTILES = [1 / 6, 1 / 2, 5 / 6] as const;
const DISTINCT_QUANTILES = [0.4, 0.95] as const;

/** Share of the rows that a one-sided range keeps: callers ask for the newest or the largest few more often than for most. */
const KEPT_RATIOS = [0.01, 0.05, 0.2, 0.1, 0.5] as const;

/** Width and middle of two-sided ranges; 0.005 is what the planner itself assumes of one it knows nothing of. */
const WINDOWS = [
  { width: 0.005, middle: 0.9 },
  { width: 0.02, middle: 0.7 },
  { width: 0.1, middle: 0.5 },
  { width: 0.05, middle: 0.3 },
  { width: 0.3, middle: 0.6 },
] as const;

/** As many as the planner assumes of an array that it does not know. */
const ARRAY_LENGTH = 10;

/** Values for a cast parameter inside an expression, by type; anything else cannot be guessed. */
const BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  interval: ["1 day", "7 days", "30 days", "1 hour", "90 days"],
  int2: ["1"],
  int4: ["1"],
  int8: ["1"],
  numeric: ["1"],
  float4: ["1"],
  float8: ["1"],
  text: ["a"],
  varchar: ["a"],
  bool: ["true"],
  uuid: ["00000000-0000-0000-0000-000000000000"],
  json: ["{}"],
  jsonb: ["{}"],
};

/** One value for one parameter; `undefined` when nothing is known of its values. */
export function drawValue(request: DrawRequest): string | null | undefined {
  const { use, distribution, draw } = request;
  switch (use.role) {
    case "limit":
      return "20";
    case "offset":
      return "0";
    case "cast":
      return byType(use.castType, draw);
    case "assigned":
      return distribution?.ofRow(0.5) ?? byType(use.castType, draw) ?? null;
    case "equality":
    case "element":
      return distribution === null ? undefined : equalityValue(distribution, draw);
    case "array": {
      if (distribution === null) return undefined;
      const values = Array.from({ length: ARRAY_LENGTH }, (_, index) =>
        distribution.ofDistinct((index + 0.5) / ARRAY_LENGTH),
      );
      return toArrayLiteral([...new Set(values)]);
    }
    case "lower-bound":
    case "upper-bound":
      return distribution?.atRank(rank(request));
    case "prefix":
      return distribution === null ? undefined : prefixOf(distribution, draw);
    case "pattern": {
      if (distribution === null) return undefined;
      // Whether callers put a % in front is not known.
      const prefix = prefixOf(distribution, draw);
      return draw % 2 === 0 ? `%${prefix}%` : `${prefix}%`;
    }
    default:
      return undefined;
  }
}

function equalityValue(distribution: ColumnDistribution, draw: number): string {
  // All values are alike: one draw says it all, and equal draws are planned once.
  if (!distribution.isSkewed) return distribution.ofRow(0.5);
  const quantile = ROW_QUANTILES[draw];
  if (quantile !== undefined) return distribution.ofRow(quantile);
  return distribution.ofDistinct(DISTINCT_QUANTILES[draw - ROW_QUANTILES.length] ?? 0.5);
}

function rank({ use, side, rangeDraw }: DrawRequest): number {
  if (side === "both") {
    const { width, middle } = WINDOWS[rangeDraw % WINDOWS.length] ?? WINDOWS[0];
    return use.role === "lower-bound" ? middle - width / 2 : middle + width / 2;
  }
  const kept = KEPT_RATIOS[rangeDraw % KEPT_RATIOS.length] ?? KEPT_RATIOS[0];
  return use.role === "lower-bound" ? 1 - kept : kept;
}

/** The first half of a value, at least three characters, its wildcards made plain: values often start alike. */
function prefixOf(distribution: ColumnDistribution, draw: number): string {
  const value = distribution.ofRow((draw + 0.5) / DRAW_COUNT);
  const characters = Array.from(value);
  const length = Math.max(3, Math.ceil(characters.length / 2));
  return characters
    .slice(0, length)
    .join("")
    .replace(/[%_\\]/g, String.raw`\$&`);
}

function byType(type: string | null, draw: number): string | undefined {
  if (type === null) return undefined;
  if (type.endsWith("[]")) return "{}";
  const values = BY_TYPE[type];
  return values?.[draw % values.length];
}
