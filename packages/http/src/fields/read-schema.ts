import { InvalidArgumentError } from "@upshift/foundation";
import { type FieldShape, mergeShapes } from "./field-shape.ts";
import { shapeOfJsonSchema } from "./json-schema.ts";

/** Of a Standard Schema, what is read of it. Source: standardschema.dev, version 1; `jsonSchema` is Standard JSON Schema 1.1. */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly jsonSchema?: { readonly output: (options: never) => unknown };
  };
}

/**
 * The fields of what a schema gives out.
 *
 * Standard Schema itself only validates and says nothing of fields. What can be read: `~standard.jsonSchema` (zod from 4.2, ArkType, and others that write JSON Schema), or the
 * `shape` of zod's and the `entries` of Valibot's objects. Of a union all members' fields; records, tuples and what is computed are single values.
 *
 * @throws {InvalidArgumentError} when neither can be read or it is no object
 */
export function shapeOfSchema(schema: StandardSchema): FieldShape {
  const shape = fromJsonSchema(schema) ?? fromProperties(schema, 0);
  if (shape !== undefined && shape !== true) return shape;
  throw new InvalidArgumentError(
    "a schema of an object whose fields can be read, by `~standard.jsonSchema`, `shape` or `entries`",
    schema["~standard"].vendor,
  );
}

function fromJsonSchema(schema: StandardSchema): true | FieldShape | undefined {
  const { jsonSchema, vendor } = schema["~standard"];
  if (jsonSchema === undefined) return undefined;
  // Dates and the like have no JSON Schema; for zod that is an error unless it is told otherwise.
  const libraryOptions = vendor === "zod" ? { unrepresentable: "any" } : undefined;
  const options = { target: "draft-2020-12", ...(libraryOptions && { libraryOptions }) };
  try {
    return shapeOfJsonSchema(Reflect.apply(jsonSchema.output, jsonSchema, [options]));
  } catch {
    // What it cannot write may still be read from its properties.
    return undefined;
  }
}

/** Beyond it a schema is taken for recursive. */
const DEEPEST = 8;

/** @returns `undefined` for what is no schema */
function fromProperties(schema: unknown, depth: number): true | FieldShape | undefined {
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null) {
    return undefined;
  }
  if (depth > DEEPEST) return true;
  const fields: unknown = Reflect.get(schema, "shape") ?? Reflect.get(schema, "entries");
  if (typeof fields === "object" && fields !== null) {
    const entries = Object.entries(fields).flatMap(([name, inside]) => {
      const shape = fromProperties(inside, depth + 1);
      return shape === undefined ? [] : [[name, shape] as const];
    });
    return entries.length === 0 ? true : Object.fromEntries(entries);
  }
  const members: unknown = Reflect.get(schema, "options");
  if (Array.isArray(members)) return unionOf(members, depth);
  const inner = innerOf(schema);
  return inner === undefined ? true : fromProperties(inner, depth + 1);
}

/** All members' fields; a single value where none has any. */
function unionOf(members: readonly unknown[], depth: number): true | FieldShape {
  const shapes = members.map((member) => fromProperties(member, depth + 1));
  return shapes.reduce<true | FieldShape>(mergeShapes, true);
}

/** Of an array its element, of optional and the like what they wrap. */
function innerOf(schema: object): unknown {
  const inner: unknown =
    Reflect.get(schema, "element") ?? Reflect.get(schema, "item") ?? Reflect.get(schema, "wrapped");
  if (inner !== undefined) return inner;
  const definition: unknown = Reflect.get(schema, "def") ?? Reflect.get(schema, "_def");
  if (typeof definition !== "object" || definition === null) return undefined;
  return Reflect.get(definition, "innerType") ?? undefined;
}
