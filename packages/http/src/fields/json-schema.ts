import { type FieldShape, mergeShapes } from "./field-shape.ts";

/** A recursive schema is written out so far; what is deeper is a single value. */
const DEEPEST = 6;

/** Together with the depth it bounds what references of references make. */
const MOST_STEPS = 20_000;

/**
 * The fields of a JSON Schema: `properties` of objects and of the items of arrays, through `anyOf`, `oneOf`, `allOf` and references inside of the document.
 *
 * @returns `true` for a single value, an object without declared properties among them
 */
export function shapeOfJsonSchema(schema: unknown): true | FieldShape {
  let steps = 0;
  const collect = (part: unknown, depth: number, into: Map<string, true | FieldShape>): void => {
    steps += 1;
    if (!isObject(part) || depth > DEEPEST || steps > MOST_STEPS) return;
    const reference = part["$ref"];
    if (typeof reference === "string") {
      collect(resolve(schema, reference), depth + 1, into);
    }
    for (const key of ["anyOf", "oneOf", "allOf"]) {
      const members = part[key];
      if (Array.isArray(members)) for (const member of members) collect(member, depth, into);
    }
    collect(part["items"], depth, into);
    if (!isObject(part["properties"])) return;
    for (const [name, property] of Object.entries(part["properties"])) {
      into.set(name, mergeShapes(into.get(name), read(property, depth + 1)));
    }
  };
  const read = (part: unknown, depth: number): true | FieldShape => {
    const fields = new Map<string, true | FieldShape>();
    collect(part, depth, fields);
    return fields.size === 0 ? true : Object.fromEntries(fields);
  };
  return read(schema, 0);
}

/** `#`, `#/$defs/name`: what a document says of itself. Others are not fetched. */
function resolve(root: unknown, reference: string): unknown {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let place: unknown = root;
  for (const step of reference.slice(2).split("/")) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    place = isObject(place) && Object.hasOwn(place, name) ? place[name] : undefined;
  }
  return place;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
