import type { SchemaLookup } from "../schema-lookup.ts";
import type { ParameterUse, QueryShape } from "../shape/query-shape.ts";
import { type ColumnDistribution, columnDistribution } from "./column-distribution.ts";
import { DRAW_COUNT, drawValue, type RangeSide } from "./draw-value.ts";

/** Values for every parameter of a statement, and how often they are thought to come; weights sum to 1. */
export interface ParameterDraw {
  readonly parameters: readonly (string | null)[];
  readonly weight: number;
}

/**
 * Values with which a statement is planned, as a stratified sample of its columns' statistics.
 *
 * Each parameter takes the values of the column that it is compared with; several parameters are shuffled against one
 * another so that not all are common or rare at once. Deterministic.
 *
 * @returns `null` when some parameter's values are not known: then the statement can be planned for all values only
 */
export function drawParameters(
  shape: QueryShape,
  parameterCount: number,
  schema: SchemaLookup,
): readonly ParameterDraw[] | null {
  if (parameterCount === 0) return [{ parameters: [], weight: 1 }];
  const uses = Array.from({ length: parameterCount }, (_, index) =>
    bestUse(shape.parameters.filter((use) => use.number === index + 1)),
  );
  const draws = new Map<string, ParameterDraw>();
  for (let draw = 0; draw < DRAW_COUNT; draw += 1) {
    const parameters: (string | null)[] = [];
    for (const [position, use] of uses.entries()) {
      if (use === null) return null;
      const value = drawValue({
        use,
        distribution: distributionOf(use, shape, schema),
        // Steps of two through five draws meet every one of them once.
        draw: (draw + position * 2) % DRAW_COUNT,
        rangeDraw: draw,
        side: sideOf(use, shape),
      });
      if (value === undefined) return null;
      parameters.push(value);
    }
    const key = JSON.stringify(parameters);
    const weight = (draws.get(key)?.weight ?? 0) + 1 / DRAW_COUNT;
    draws.set(key, { parameters, weight });
  }
  return [...draws.values()];
}

const USEFULNESS: readonly ParameterUse["role"][] = [
  "limit",
  "offset",
  "equality",
  "element",
  "array",
  "lower-bound",
  "upper-bound",
  "prefix",
  "pattern",
  "assigned",
  "cast",
];

/** A parameter can stand in several places; a comparison says more of its values than a cast. */
function bestUse(uses: readonly ParameterUse[]): ParameterUse | null {
  return (
    uses.toSorted((a, b) => USEFULNESS.indexOf(a.role) - USEFULNESS.indexOf(b.role))[0] ?? null
  );
}

function distributionOf(
  use: ParameterUse,
  shape: QueryShape,
  schema: SchemaLookup,
): ColumnDistribution | null {
  const relation = shape.occurrences[use.source?.occurrence ?? -1]?.relation;
  if (relation === undefined || use.source === null) return null;
  return columnDistribution(schema.statistics(relation, use.source.column));
}

/** Whether the column is bounded on the other side too. */
function sideOf(use: ParameterUse, shape: QueryShape): RangeSide {
  if (use.role !== "lower-bound" && use.role !== "upper-bound") return "none";
  const opposite = use.role === "lower-bound" ? "upper-bound" : "lower-bound";
  const hasOther = shape.parameters.some(
    (other) =>
      other.role === opposite &&
      other.source?.column === use.source?.column &&
      other.source?.occurrence === use.source?.occurrence,
  );
  return hasOther ? "both" : "one";
}
