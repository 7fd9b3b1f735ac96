import type { Node } from "libpg-query";
import { typeNameOf } from "../syntax.ts";
import type { ColumnSource, ParameterUse } from "./query-shape.ts";
import type { ShapeContext } from "./scope.ts";

const ROLES: Readonly<Record<string, ParameterUse["role"]>> = {
  "=": "equality",
  "<>": "equality",
  in: "element",
  ">": "lower-bound",
  ">=": "lower-bound",
  "<": "upper-bound",
  "<=": "upper-bound",
  "~~": "pattern",
  "~~*": "pattern",
  "^@": "prefix",
};

/** Notes that the parameter in `value` is compared with a column, which says what values it takes. */
export function noteParameters(
  source: ColumnSource | null,
  operator: string,
  value: Node,
  context: ShapeContext,
): void {
  if ("A_ArrayExpr" in value) {
    for (const item of value.A_ArrayExpr.elements ?? [])
      noteParameters(source, "in", item, context);
    return;
  }
  if ("TypeCast" in value && value.TypeCast.arg !== undefined) {
    const { arg, typeName } = value.TypeCast;
    const isArray = (typeName?.arrayBounds ?? []).length > 0;
    note(source, operator, arg, isArray, typeNameOf(typeName), context);
    return;
  }
  if ("A_Expr" in value && value.A_Expr.lexpr !== undefined && operator === "~~") {
    // `LIKE $1 || '%'`
    note(source, "^@", value.A_Expr.lexpr, false, null, context);
    return;
  }
  note(source, operator, value, false, null, context);
}

/** `= ANY ($1)`: the parameter is the whole array. */
export function noteArrayParameter(source: ColumnSource, value: Node, context: ShapeContext): void {
  if ("A_ArrayExpr" in value) noteParameters(source, "in", value, context);
  else if ("TypeCast" in value && value.TypeCast.arg !== undefined) {
    note(source, "any", value.TypeCast.arg, true, typeNameOf(value.TypeCast.typeName), context);
  } else note(source, "any", value, true, null, context);
}

export function noteAssigned(source: ColumnSource, value: Node, context: ShapeContext): void {
  const bare = "TypeCast" in value ? value.TypeCast.arg : value;
  if (bare === undefined || !("ParamRef" in bare)) return;
  const castType = "TypeCast" in value ? typeNameOf(value.TypeCast.typeName) : null;
  const number = bare.ParamRef.number ?? 0;
  context.builder.addParameter({ number, role: "assigned", source, castType });
}

export function noteCount(
  role: "limit" | "offset",
  value: Node | undefined,
  context: ShapeContext,
): void {
  const bare = value !== undefined && "TypeCast" in value ? value.TypeCast.arg : value;
  if (bare === undefined || !("ParamRef" in bare)) return;
  const number = bare.ParamRef.number ?? 0;
  context.builder.addParameter({ number, role, source: null, castType: "int8" });
}

function note(
  source: ColumnSource | null,
  operator: string,
  value: Node,
  isArray: boolean,
  castType: string | null,
  context: ShapeContext,
): void {
  if (!("ParamRef" in value)) return;
  const role = isArray ? "array" : ROLES[operator];
  if (role === undefined) return;
  context.builder.addParameter({ number: value.ParamRef.number ?? 0, role, source, castType });
}
