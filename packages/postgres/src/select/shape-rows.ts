import type { Row } from "../connection/queryable.ts";

/** How one field of a row is made of what the driver gave. */
export type ShapeStep = ValueStep | ObjectStep | ListStep;

interface ValueStep {
  readonly kind: "value";
  readonly name: string;
  readonly alias: string;
}

interface ObjectStep {
  readonly kind: "object";
  readonly name: string;
  /** Column that says whether the join found a row; `undefined` where it always does. */
  readonly presence: string | undefined;
  readonly steps: readonly ShapeStep[];
}

interface ListStep {
  readonly kind: "list";
  readonly name: string;
  readonly alias: string;
  readonly steps: readonly ShapeStep[];
}

/** Makes the row that was asked for of the one that the driver gave, whose type follows from the definition. */
// oxlint-disable-next-line typescript/no-explicit-any
export function shaperOf(steps: readonly ShapeStep[]): (row: Row) => any {
  return isFlat(steps) ? (row) => row : (row) => shapeRow(row, steps);
}

/** True when the driver's row is the row that was asked for. */
function isFlat(steps: readonly ShapeStep[]): boolean {
  return steps.every((step) => step.kind === "value");
}

function shapeRow(row: Row, steps: readonly ShapeStep[]): Row {
  const shaped: Row = {};
  for (const step of steps) shaped[step.name] = shapeField(row, step);
  return shaped;
}

function shapeField(row: Row, step: ShapeStep): unknown {
  if (step.kind === "value") return row[step.alias];
  if (step.kind === "list") return shapeList(row[step.alias], step.steps);
  if (step.presence !== undefined && row[step.presence] !== true) return null;
  return shapeRow(row, step.steps);
}

function shapeList(json: unknown, steps: readonly ShapeStep[]): unknown {
  // A driver that was told to leave JSON alone gives its text.
  const items: unknown = typeof json === "string" ? JSON.parse(json) : json;
  if (!Array.isArray(items)) return [];
  return isFlat(steps) ? items : items.filter(isRow).map((item) => shapeRow(item, steps));
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null;
}
