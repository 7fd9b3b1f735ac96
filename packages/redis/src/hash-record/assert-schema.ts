import { InvalidArgumentError, kindOf } from "@upshift/foundation";
import type { Schema } from "./field.ts";

const KINDS: ReadonlySet<unknown> = new Set(["string", "number", "boolean", "date", "bigint"]);

/** What compilers see, for programs without one. @throws {InvalidArgumentError} */
export function assertSchema(schema: Schema): void {
  if (kindOf(schema) !== "an object")
    throw new InvalidArgumentError("`schema` as fields by name", kindOf(schema));
  const fields = Object.entries(schema);
  if (fields.length === 0) throw new InvalidArgumentError("`schema` with a field", "none");
  for (const [name, field] of fields)
    if (!isField(field))
      throw new InvalidArgumentError(
        `\`${name}\` as string, number, boolean, date, bigint, \`json(…)\`, \`optional(…)\` or \`nullable(…)\``,
        field,
      );
}

function isField(field: unknown): boolean {
  const { kind, of } = partsOf(field);
  return isBaseField(field) || ((kind === "optional" || kind === "nullable") && isBaseField(of));
}

function isBaseField(field: unknown): boolean {
  const { kind, parse } = partsOf(field);
  return KINDS.has(field) || (kind === "json" && typeof parse === "function");
}

function partsOf(field: unknown): Readonly<Record<string, unknown>> {
  return typeof field === "object" ? { ...field } : {};
}
